using System.Buffers;
using System.Text;
using Godwit.Migration.Tests.Control;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Savevm;

/// <summary>Bytes and texts here were taken from streams of real peers.</summary>
public class SaveVmWriterTests
{
    private const string Uuid = "00112233-4455-6677-8899-aabbccddeeff";

    [Fact]
    public void WriteHeader_PlainMachine_IsThePeers() =>
        Assert.Equal("5145564d00000003" + "07" + "00000007" + "6d6963726f766d", Header("microvm", null, default));

    [Fact]
    public void WriteHeader_UuidAndSharedMemory_IsThePeers()
    {
        var capabilities = default(MigrationCapabilities).With(MigrationCapability.XIgnoreShared).With(MigrationCapability.ValidateUuid);

        Assert.Equal(
            "5145564d0000000307000000047669727405" + "1a636f6e66696775726174696f6e2f6361706162696c6974696573" + "00000001"
            + "00000001" + "0f782d69676e6f72652d736861726564"
            + "05" + "12636f6e66696775726174696f6e2f75756964" + "00000001" + "00112233445566778899aabbccddeeff",
            Header("virt", Guid.Parse(Uuid), capabilities));
    }

    [Fact]
    public void WriteHeader_TwoValidatedCapabilities_AreInTableOrder()
    {
        var header = Header("virt", null, default(MigrationCapabilities).With(MigrationCapability.MappedRam).With(MigrationCapability.XIgnoreShared));

        Assert.EndsWith("00000002" + "0f782d69676e6f72652d736861726564" + "0a6d61707065642d72616d", header, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RunState.Prelaunch, "0000000a" + "7072656c61756e6368")]
    [InlineData(RunState.Running, "00000008" + "72756e6e696e67")]
    public void WriteFullSections_GlobalState_IsThePeers(RunState state, string start)
    {
        foreach (var profile in new[] { PeerProfile.Qemu10_0, PeerProfile.Qemu11_1 })
        {
            var bytes = GlobalStateSection(state, profile);

            // Header with section id 0, then size, 32-byte name, two flags, 66 zero bytes, footer.
            var body = start.PadRight(2 * 36, '0') + "0100" + new string('0', 132);
            Assert.Equal("0400000000" + "0b676c6f62616c7374617465" + "00000000" + "00000001" + body + "7e00000000", bytes);
        }
    }

    [Fact]
    public void WriteFullSections_GlobalStateFor72_HasTheSameLength() =>
        Assert.Equal(GlobalStateSection(RunState.Paused, PeerProfile.Qemu10_0).Length, GlobalStateSection(RunState.Paused, PeerProfile.Qemu7_2).Length);

    [Fact]
    public void WriteDescription_ConfigurationAndGlobalState_IsThePeers()
    {
        const string Expected =
            """{"configuration": {"vmsd_name": "configuration", "version": 1, "fields": [{"name": "len", "type": "uint32", "size": 4}, {"name": "name", "type": "buffer", "size": 4}], "subsections": [{"vmsd_name": "configuration/capabilities", "version": 1, "fields": [{"name": "caps_count", "type": "uint32", "size": 4}, {"name": "capabilities", "type": "capability", "size": 16}]}, {"vmsd_name": "configuration/uuid", "version": 1, "fields": [{"name": "uuid.data", "array_len": 16, "type": "uint8", "size": 1}]}]}, "page_size": 4096, "devices": [{"name": "globalstate", "instance_id": 0, "vmsd_name": "globalstate", "version": 1, "fields": [{"name": "size", "type": "uint32", "size": 4}, {"name": "runstate", "type": "buffer", "size": 32}, {"name": "has_vm_was_suspended", "type": "uint8", "size": 1}, {"name": "vm_was_suspended", "type": "uint8", "size": 1}, {"name": "unused", "type": "buffer", "size": 66}]}]}""";
        var (save, bytes) = Writer(PeerProfile.Qemu10_0, new GlobalState());
        var capabilities = default(MigrationCapabilities).With(MigrationCapability.XIgnoreShared).With(MigrationCapability.ValidateUuid);

        save.WriteHeader(ConfigurationState.Create("virt", Guid.Parse(Uuid), capabilities));
        save.WriteFullSections(save.Writer);
        save.WriteEof();
        save.Writer.Flush();
        bytes.ResetWrittenCount();
        save.WriteDescription();
        save.Writer.Flush();

        Assert.Equal(6, bytes.WrittenSpan[0]);
        Assert.Equal(Expected.Length, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.WrittenSpan[1..]));
        Assert.Equal(Expected, Encoding.ASCII.GetString(bytes.WrittenSpan[5..]));
    }

    [Fact]
    public void WriteCommand_PingAndSwitchover_AreThePeers()
    {
        var (save, bytes) = Writer(PeerProfile.Qemu10_0, null);

        save.WriteCommand(MigrationCommand.OpenReturnPath);
        save.WritePing(1);
        save.WriteCommand(MigrationCommand.SwitchoverStart);

        Assert.Equal("0800010000" + "080002000400000001" + "08000b0000", Convert.ToHexStringLower(bytes.WrittenSpan));
    }

    [Fact]
    public void Sections_OfAnIterativeEntry_AreFramed()
    {
        using var host = new FakeHost(RunState.Running);
        var bytes = new ArrayBufferWriter<byte>();
        var save = new SaveVmWriter(MigrationWriter.ToMemory(bytes), host.Registry, PeerProfile.Qemu10_0);

        save.WriteSetupSections();
        save.WritePart(save.Entries[0]);
        save.Writer.Flush();
        var start = Convert.ToHexStringLower(bytes.WrittenSpan);
        bytes.ResetWrittenCount();
        save.WriteEndSections();
        save.Writer.Flush();

        Assert.StartsWith("0100000000" + "0372616d" + "00000000" + "00000004" + "0003000102" + "7e00000000" + "0200000000" + "0100", start, StringComparison.Ordinal);
        Assert.EndsWith("7e00000000", start, StringComparison.Ordinal);
        Assert.Equal("0300000000" + "00050001020304" + "7e00000000", Convert.ToHexStringLower(bytes.WrittenSpan));
    }

    /// <summary>10.0.2 writes the START of ram before the early section of virtio-mem, 11.1 after it.</summary>
    [Theory]
    [InlineData("10.0", true)]
    [InlineData("11.1", false)]
    public void WriteSetupSections_EarlySetupEntry_IsWhereThePeerWritesIt(string release, bool isRamFirst)
    {
        var profile = release == "10.0" ? PeerProfile.Qemu10_0 : PeerProfile.Qemu11_1;
        using var host = new FakeHost(RunState.Running);
        host.Registry.Register(new VmStateDescription<FakeDevice>("early", 1) { EarlySetup = true, Fields = [] }, new FakeDevice());
        var bytes = new ArrayBufferWriter<byte>();
        var save = new SaveVmWriter(MigrationWriter.ToMemory(bytes), host.Registry, profile);

        save.WriteSetupSections();
        save.Writer.Flush();

        var stream = Encoding.Latin1.GetString(bytes.WrittenSpan);
        var early = stream.IndexOf("\u0005early", StringComparison.Ordinal);
        var ram = stream.IndexOf("\u0003ram", StringComparison.Ordinal);
        Assert.True(early > 0 && ram > 0);
        Assert.Equal(isRamFirst, ram < early);
        bytes.ResetWrittenCount();
        save.WriteFullSections(save.Writer);
        save.Writer.Flush();
        Assert.DoesNotContain("early", Encoding.Latin1.GetString(bytes.WrittenSpan), StringComparison.Ordinal);
    }

    private static string Header(string machine, Guid? uuid, MigrationCapabilities capabilities)
    {
        var (save, bytes) = Writer(PeerProfile.Qemu10_0, null);
        save.WriteHeader(ConfigurationState.Create(machine, uuid, capabilities));
        save.Writer.Flush();
        return Convert.ToHexStringLower(bytes.WrittenSpan);
    }

    private static string GlobalStateSection(RunState state, PeerProfile profile)
    {
        var (save, bytes) = Writer(profile, new GlobalState { RunState = state });
        save.WriteFullSections(save.Writer);
        save.Writer.Flush();
        return Convert.ToHexStringLower(bytes.WrittenSpan);
    }

    private static (SaveVmWriter Save, ArrayBufferWriter<byte> Bytes) Writer(PeerProfile profile, GlobalState? state)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var registry = new VmStateRegistry();
        state?.Register(registry);
        return (new SaveVmWriter(MigrationWriter.ToMemory(bytes), registry, profile), bytes);
    }
}
