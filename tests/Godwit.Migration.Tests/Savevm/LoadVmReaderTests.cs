using FsCheck;
using FsCheck.Fluent;
using Godwit.Migration.Tests.Control;
using Godwit.Testing;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Savevm;

public class LoadVmReaderTests
{
    private const string Gadget = "gadget";

    private const int DamagedStreams = 1000;

    private const long AfterHead = 17;

    private delegate void AddDefect(string what, StreamBytes stream, string classic, string? counted, long offset);

    /// <summary>What it is, stream, text of 10.0, text of 11.1, offset of the defect (-1: somewhere).</summary>
    public static TheoryData<string, byte[], string, string, long> Defects
    {
        get
        {
            var data = new TheoryData<string, byte[], string, string, long>();
            void Add(string what, StreamBytes stream, string classic, string? counted, long offset) =>
                data.Add(what, stream.ToArray(), classic, counted ?? classic, offset);

            AddHeadDefects(Add);
            AddSectionDefects(Add);
            AddCommandDefects(Add);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Defects))]
    public void Load_Defect_IsRefusedInTheWordsOfTheRelease(string what, byte[] stream, string classic, string counted, long offset)
    {
        foreach (var (profile, expected) in new[] { (PeerProfile.Qemu10_0, classic), (PeerProfile.Qemu11_1, counted) })
        {
            var refusal = Assert.Throws<StreamFormatException>(() => Load(stream, profile));

            Assert.True(refusal.Message.Contains(expected, StringComparison.Ordinal), $"{what}: {refusal.Message}");
            Assert.True(offset < 0 || offset == refusal.Offset, $"{what}: offset 0x{refusal.Offset:x}: {refusal.Message}");
            Assert.InRange(refusal.Offset, 0, stream.Length);
        }
    }

    [Fact]
    public void Load_SwitchoverStart_IsUnknownTo72()
    {
        var stream = new StreamBytes().Head().Command(11).Byte(0).ToArray();

        Assert.Contains("MIG_CMD 0xb unknown", Assert.Throws<StreamFormatException>(() => Load(stream, PeerProfile.Qemu7_2)).Message, StringComparison.Ordinal);
        Assert.True(Load(stream, PeerProfile.Qemu10_0).SwitchoverStarted);
    }

    [Fact]
    public void Load_MachineNamePrefix_Passes() => Assert.True(Load(new StreamBytes().Head("vir").Byte(0).ToArray(), PeerProfile.Qemu10_0).ReachedEof);

    [Fact]
    public void Load_ThingsThatPeersAccept_AreAccepted()
    {
        // Sections doubled, START doubled with another id, recovery commands outside a recovery, second OPEN_RETURN_PATH.
        var stream = new StreamBytes().Head()
            .Section(1, 5, "ram", 0, 4).UInt16(0).Footer(5)
            .Section(1, 6, "ram", 0, 4).UInt16(0).Footer(6)
            .Byte(2).UInt32(6).UInt16(0).Footer(6)
            .Command(1).Command(1).Command(9).Command(10, "0161").Command(3);
        Device(Device(stream, head: false), head: false).Byte(0).Raw("not a description");

        using var host = new FakeHost(RunState.InMigrate);
        var load = Load(stream.ToArray(), PeerProfile.Qemu10_0, host);

        Assert.True(load.ReachedEof);
        Assert.Equal(PostcopyIncomingState.Advise, load.PostcopyState);
        Assert.Equal([SectionType.Start, SectionType.Start, SectionType.Part], host.FakeRam.Loaded);
        Assert.Equal(0xabcdu, host.Device.Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("06")]
    [InlineData("06000000")]
    [InlineData("06ffffffff7b7d")]
    [InlineData("0600000002")]
    [InlineData("00")]
    public void Load_DescriptionMissingOrShort_IsNoError(string tailHex)
    {
        var stream = new StreamBytes().Head().Byte(0).Hex(tailHex).ToArray();

        Assert.True(Load(stream, PeerProfile.Qemu10_0).ReachedEof);
    }

    [Fact]
    public void Load_TruncatedAnywhere_SaysSo()
    {
        var whole = Device(new StreamBytes().Head().Section(1, 5, "ram", 0, 4).UInt16(3).Hex("010203").Footer(5).Command(1).Command(2, "00000001"), head: false)
            .Byte(0).ToArray();
        for (var length = 0; length < whole.Length; length++)
        {
            var refusal = Assert.Throws<StreamFormatException>(() => Load(whole[..length], PeerProfile.Qemu10_0));
            Assert.Contains("unexpected end of stream", refusal.Message, StringComparison.Ordinal);
        }

        Assert.True(Load(whole, PeerProfile.Qemu10_0).ReachedEof);
    }

    [Fact]
    public void Load_PingsAndSwitchoverAck_AreAnsweredInOrder()
    {
        var stream = new StreamBytes().Head().Command(1).Command(2, "00000001").Command(2, "00000042").Byte(0).ToArray();
        using var host = new FakeHost(RunState.InMigrate);
        var (near, far) = MemoryChannel.CreatePair();
        var capabilities = default(MigrationCapabilities).With(MigrationCapability.ReturnPath).With(MigrationCapability.SwitchoverAck);

        new LoadVmReader(MigrationReader.FromMemory(stream), Options(host, PeerProfile.Qemu10_0) with { ReturnChannel = far, Capabilities = capabilities }).Load();

        var answer = new byte[20];
        for (var got = 0; got < answer.Length;)
            got += near.Read(answer.AsSpan(got));
        Assert.Equal("00070000" + "0002000400000001" + "0002000400000042", Convert.ToHexStringLower(answer));
        Assert.Equal(0, near.UnreadBytes);
    }

    [Theory]
    [InlineData("11.1", false)]
    [InlineData("10.0", true)]
    public void Load_SwitchoverAck_NotAtOnceWhenTheRuleOrADeviceSaysSo(string profile, bool deviceDecides)
    {
        var stream = new StreamBytes().Head().Command(1).Byte(0).ToArray();
        using var host = new FakeHost(RunState.InMigrate, new FakeRam { IsSwitchoverAckNeeded = deviceDecides });
        var (near, far) = MemoryChannel.CreatePair();
        var capabilities = default(MigrationCapabilities).With(MigrationCapability.ReturnPath).With(MigrationCapability.SwitchoverAck);

        new LoadVmReader(MigrationReader.FromMemory(stream), Options(host, PeerProfile.Find(profile)!) with { ReturnChannel = far, Capabilities = capabilities }).Load();

        Assert.Equal(0, near.UnreadBytes);
    }

    [Fact]
    public void Load_ReturnPathOnAOneWayChannel_IsRefused()
    {
        using var host = new FakeHost(RunState.InMigrate);
        var stream = new StreamBytes().Head().Command(1).ToArray();

        var refusal = Assert.Throws<StreamFormatException>(
            () => new LoadVmReader(MigrationReader.FromMemory(stream), Options(host, PeerProfile.Qemu10_0)).Load());

        Assert.Contains("CMD_OPEN_RETURN_PATH failed", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_UuidOfAMachineWithoutOne_Passes()
    {
        using var host = new FakeHost(RunState.InMigrate);
        var stream = new StreamBytes().Head().Byte(5).Text("configuration/uuid").UInt32(1).Hex("00112233445566778899aabbccddeeff").Byte(0).ToArray();

        new LoadVmReader(MigrationReader.FromMemory(stream), Options(host, PeerProfile.Qemu10_0) with { Uuid = null }).Load();
    }

    [Fact]
    public void Load_DamagedStreams_AreReadOrRefusedAndNothingElse()
    {
        var good = Device(new StreamBytes().Head().Command(1).Command(2, "00000001").Section(1, 5, "ram", 0, 4).UInt16(3).Hex("010203").Footer(5)
            .Byte(2).UInt32(5).UInt16(0).Footer(5).Command(11), head: false).Byte(0).ToArray();
        var damage = Gen.Choose(0, good.Length - 1).Two().Zip(Gen.Choose(0, 255).Two());

        using var host = new FakeHost(RunState.InMigrate);
        Prop.ForAll(damage.ToArbitrary(), change =>
        {
            var bytes = (byte[])good.Clone();
            bytes[change.Item1.Item1] = (byte)change.Item2.Item1;
            bytes[change.Item1.Item2] = (byte)change.Item2.Item2;
            try
            {
                Load(bytes, PeerProfile.Qemu10_0, host);
            }
            catch (StreamFormatException e)
            {
                Assert.InRange(e.Offset, 0, bytes.Length);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(DamagedStreams));
    }

    private static void AddHeadDefects(AddDefect add)
    {
        add("magic", new StreamBytes().Hex("5145564e 00000003"), "Not a migration stream", "Not a migration stream, magic: 5145564e != 5145564d", 0);
        add("version 2", new StreamBytes().Hex("5145564d 00000002"), "SaveVM v2 format is obsolete", null, 4);
        add("version 4", new StreamBytes().Hex("5145564d 00000004"), "Unsupported migration stream version", "file version 4 != 3", 4);
        add("no configuration", new StreamBytes().Hex("5145564d 00000003 01"), "Configuration section missing", "Configuration section missing, 1 != 7", 8);
        add("machine", new StreamBytes().Head("virt-2"), "Machine type received is 'virt-2' and local is 'virt'", null, 9);
        add("machine name lies", new StreamBytes().Hex("5145564d 00000003 07 7fffffff"), "count of 'name' out of range", null, 13);
        add("page bits", new StreamBytes().Head().Byte(5).Text("configuration/target-page-bits").UInt32(1).UInt32(14), "Received TARGET_PAGE_BITS is 14 but local is 12", null, 9);
        add("capability", new StreamBytes().Head().Byte(5).Text("configuration/capabilities").UInt32(1).UInt32(1).Text("x-ignore-shared"), "Capability x-ignore-shared is off, but received capability is on", null, 9);
        add("unknown capability", new StreamBytes().Head().Byte(5).Text("configuration/capabilities").UInt32(1).UInt32(1).Text("x-nope"), "Received unknown capability x-nope", null, -1);
        add("capability count", new StreamBytes().Head().Byte(5).Text("configuration/capabilities").UInt32(1).UInt32(0xffffffff), "count of 'capabilities' out of range", null, -1);
        add("uuid", new StreamBytes().Head().Byte(5).Text("configuration/uuid").UInt32(1).Hex("00112233445566778899aabbccddeeff"), "UUID received is 00112233-4455-6677-8899-aabbccddeeff and local is", null, 9);
        add("configuration subsection", new StreamBytes().Head().Byte(5).Text("configuration/nope").UInt32(1), "VM subsection 'configuration/nope' in 'configuration' does not exist", null, AfterHead);
    }

    private static void AddSectionDefects(AddDefect add)
    {
        add("element type", new StreamBytes().Head().Byte(0x99), "Unknown savevm section type 153", "Unknown section type 153", AfterHead);
        add("subsection at top level", new StreamBytes().Head().Byte(5).Text("other"), "Unknown savevm section type 5", "Unknown section type 5", AfterHead);
        add("part of unknown id", new StreamBytes().Head().Byte(2).UInt32(77), "Unknown savevm section 77", "Unknown section 77", AfterHead + 1);
        add("end of unknown id", new StreamBytes().Head().Byte(3).UInt32(77), "Unknown savevm section 77", "Unknown section 77", AfterHead + 1);
        add("part of a full section's id", Device(new StreamBytes()).Byte(2).UInt32(9), "Unknown savevm section 9", "Unknown section 9", -1);
        add("unknown idstr", new StreamBytes().Head().Section(4, 9, "nope", 0, 1), "Unknown savevm section or instance 'nope' 0. Make sure that your current VM setup matches", "Unknown section or instance 'nope' 0.", AfterHead + 5);
        add("unknown instance", new StreamBytes().Head().Section(4, 9, Gadget, 3, 1), "Unknown savevm section or instance 'gadget' 3", "Unknown section or instance 'gadget' 3", AfterHead + 5);
        add("empty idstr", new StreamBytes().Head().Section(4, 9, "", 0, 1), "Unable to read ID string for section 9", null, AfterHead + 5);
        add("start of a device", new StreamBytes().Head().Section(1, 9, Gadget, 0, 2), "'gadget' is not sent in rounds", null, AfterHead + 5);
        add("version too new", new StreamBytes().Head().Section(4, 9, Gadget, 0, 9), "savevm: unsupported version 9 for 'gadget' v2", "unsupported version 9 for 'gadget' v2", -1);
        add("version too new, ram", new StreamBytes().Head().Section(1, 9, "ram", 0, 5), "savevm: unsupported version 5 for 'ram' v4", "unsupported version 5 for 'ram' v4", -1);
        add("version too old", new StreamBytes().Head().Section(4, 9, Gadget, 0, 0), "gadget: incoming version_id 0 is too old for local minimum version_id  1", "gadget: incoming version_id 0 is too old for local minimum version_id 1", -1);
        add("footer byte", new StreamBytes().Head().Section(4, 9, Gadget, 0, 2).UInt32(1).Byte(0x7f), "Missing section footer for gadget", null, -1);
        add("footer id", new StreamBytes().Head().Section(4, 9, Gadget, 0, 2).UInt32(1).Footer(10), "Mismatched section id in footer for gadget - read 0xa expected 0x9", null, -1);
        add("unknown subsection", new StreamBytes().Head().Section(4, 9, Gadget, 0, 2).UInt32(1).Byte(5).Text("gadget/nope").UInt32(1), "VM subsection 'gadget/nope' in 'gadget' does not exist", null, -1);
        add("subsection of another", new StreamBytes().Head().Section(4, 9, Gadget, 0, 2).UInt32(1).Byte(5).Text("other/extra").UInt32(1), "Missing section footer for gadget", null, -1);
        add("run state", GlobalState(new StreamBytes(), "dancing", 8), "invalid parameter value: dancing", null, -1);
        add("run state without end", GlobalState(new StreamBytes(), new string('x', 32), 33), "not terminated", null, -1);
        add("run state length", GlobalState(new StreamBytes(), "running", 101), "out of range", null, -1);
    }

    private static void AddCommandDefects(AddDefect add)
    {
        add("command 0", new StreamBytes().Head().Command(0), "MIG_CMD 0x0 unknown (len 0x0)", null, AfterHead);
        add("command 12", new StreamBytes().Head().Command(12, "aabb"), "MIG_CMD 0xc unknown (len 0x2)", null, AfterHead);
        add("ping length", new StreamBytes().Head().Command(1).Command(2, "0000000000000001"), "PING received with bad length - expecting 4, got 8", null, AfterHead + 5);
        add("open return path length", new StreamBytes().Head().Command(1, "00"), "OPEN_RETURN_PATH received with bad length - expecting 0, got 1", null, AfterHead);
        add("ping without return path", new StreamBytes().Head().Command(2, "00000001"), "CMD_PING (0x1) received with no return path", null, AfterHead);
        add("listen", new StreamBytes().Head().Command(4), "CMD_POSTCOPY_LISTEN in wrong postcopy state (0)", null, AfterHead);
        add("run", new StreamBytes().Head().Command(5), "CMD_POSTCOPY_RUN in wrong postcopy state (0)", null, AfterHead);
        add("discard", new StreamBytes().Head().Command(6, new string('0', 40)), "CMD_POSTCOPY_RAM_DISCARD in wrong postcopy state (0)", null, AfterHead);
        add("short discard", new StreamBytes().Head().Command(6, "00"), "POSTCOPY_RAM_DISCARD received with bad length - expecting 20, got 1", null, AfterHead);
        add("package", new StreamBytes().Head().Command(7, "ffffffff"), "CMD_PACKAGED in wrong postcopy state (0)", null, AfterHead);
        add("advise with pages", new StreamBytes().Head().Command(3, new string('0', 32)), "RAM postcopy is disabled but have 16 byte advise", null, AfterHead);
        add("advise length", new StreamBytes().Head().Command(3, "00"), "CMD_POSTCOPY_ADVISE received with bad length", null, AfterHead);
        add("advise twice", new StreamBytes().Head().Command(3).Command(3), "CMD_POSTCOPY_ADVISE in wrong postcopy state (1)", null, AfterHead + 5);
        add("run after advise", new StreamBytes().Head().Command(3).Command(5), "CMD_POSTCOPY_RUN received, but RAM postcopy is disabled", null, AfterHead + 5);
        add("colo", new StreamBytes().Head().Command(8), "ENABLE_COLO", "MIG_CMD 0x8 deprecated (len 0x0)", AfterHead);
        add("bitmap request length", new StreamBytes().Head().Command(10, "0261"), "RECV_BITMAP received with bad length", null, AfterHead);
    }

    private static StreamBytes Device(StreamBytes stream, bool head = true) =>
        (head ? stream.Head() : stream).Section(4, 9, Gadget, 0, 2).UInt32(0xabcd).Footer(9);

    private static StreamBytes GlobalState(StreamBytes stream, string name, uint size) =>
        stream.Head().Section(4, 9, "globalstate", 0, 1).UInt32(size).Raw(name.PadRight(32, '\0')).Hex("0100" + new string('0', 132)).Footer(9);

    private static LoadVmReader Load(byte[] stream, PeerProfile profile, FakeHost? given = null)
    {
        var host = given ?? new FakeHost(RunState.InMigrate);
        try
        {
            // Answers go where nobody reads them.
            var (_, far) = MemoryChannel.CreatePair();
            var load = new LoadVmReader(MigrationReader.FromMemory(stream), Options(host, profile) with { ReturnChannel = far });
            load.Load();
            return load;
        }
        finally
        {
            if (given is null)
                host.Dispose();
        }
    }

    private static LoadVmOptions Options(FakeHost host, PeerProfile profile) => new()
    {
        Registry = host.Registry,
        MachineName = host.MachineName,
        Uuid = Guid.Parse("11111111-2222-3333-4444-555555555555"),
        Profile = profile,
        BigLock = host.BigLock,
    };
}
