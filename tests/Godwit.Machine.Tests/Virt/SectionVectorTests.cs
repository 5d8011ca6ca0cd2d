using System.Buffers;
using System.Globalization;
using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine.Tests;

/// <summary>Sections of real machines: what was read is written again byte for byte.</summary>
public sealed class SectionVectorTests
{
    public static TheoryData<string, int> Machines => new() { { "10.0", 1 }, { "10.0", 2 }, { "11.1", 1 }, { "11.1", 2 } };

    [Theory]
    [MemberData(nameof(Machines))]
    public void Sections_OfARealMachine_ComeOutAsTheyWentIn(string peer, int harts)
    {
        PeerProfile profile = PeerProfile.Find(peer)!;
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, HartCount = harts });
        using BigLock.Scope scope = machine.Memory.BigLock.Enter();
        foreach (Vector vector in Vector.Load(peer, harts))
        {
            SaveStateEntry entry = machine.Registry.Find(vector.IdString, vector.Instance)!;
            Load(entry, vector, profile);
        }

        foreach (Vector vector in Vector.Load(peer, harts))
        {
            SaveStateEntry entry = machine.Registry.Find(vector.IdString, vector.Instance)!;
            Assert.Equal(vector.Version, entry.GetVersion(profile));
            Assert.Equal($"{vector.IdString} {MaskTicks(vector)}", $"{vector.IdString} {MaskTicks(vector with { Body = Save(entry, profile) })}");
        }
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Sections_OfAFreshMachine_EqualThoseOfARealOne(string peer, int harts)
    {
        PeerProfile profile = PeerProfile.Find(peer)!;
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, HartCount = harts });
        using BigLock.Scope scope = machine.Memory.BigLock.Enter();
        foreach (Vector vector in Vector.Load(peer, harts))
        {
            // The start of wall time differs from run to run; its eight bytes are the section's last.
            int compared = vector.IdString is "goldfish_rtc" ? 32 : vector.IdString is "timer" ? 0 : vector.Body.Length / 2;
            string body = Save(machine.Registry.Find(vector.IdString, vector.Instance)!, profile);
            Assert.Equal($"{vector.IdString} {vector.Body[..(2 * compared)]}", $"{vector.IdString} {body[..(2 * compared)]}");
        }
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Registry_AfterRegistration_HasTheSectionsOfARealMachineInTheirOrder(string peer, int harts)
    {
        PeerProfile profile = PeerProfile.Find(peer)!;
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, HartCount = harts });
        Assert.Equal(
            Vector.Load(peer, harts).Select(v => (v.IdString, v.Instance, v.Version)),
            machine.Registry.GetEntries(profile).Select(e => (e.IdString, e.InstanceId, e.GetVersion(profile))));
    }

    [Theory]
    [InlineData("pflash_cfi01", 1, "0120800000000000000000", "the guest is inside a flash command sequence")]
    [InlineData("serial", 3, "000c00000100080" + "0b00000", "inconsistent state in serial device (tsr not empty, tsr_retry=0)")]
    [InlineData("PCIBUS", 1, "0000000500000000000000000000000000000000", "nirq")]
    [InlineData("riscv_mtimer", 2, "00", "riscv_mtimer")]
    public void Load_SectionThatDoesNotFit_IsRefused(string idString, uint version, string body, string reason)
    {
        using var machine = new TestMachine();
        using BigLock.Scope scope = machine.Memory.BigLock.Enter();
        SaveStateEntry entry = machine.Registry.Find(idString, 0)!;
        var refusal = Assert.Throws<StreamFormatException>(() => Load(entry, new Vector(idString, 0, version, body), PeerProfile.Default));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_RootFunctionOfAnotherDevice_IsRefused()
    {
        using var machine = new TestMachine();
        using BigLock.Scope scope = machine.Memory.BigLock.Enter();
        SaveStateEntry entry = machine.Registry.Find("0000:00:00.0/gpex_root", 0)!;
        string body = "00000002" + "861b0800" + Save(entry, PeerProfile.Default)[16..];
        var refusal = Assert.Throws<StreamFormatException>(() => Load(entry, new Vector("gpex_root", 0, 1, body), PeerProfile.Default));
        Assert.Contains("configuration byte 0x00 differs", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Load_SectionCutAtAnyByte_IsRefused(string peer, int harts)
    {
        PeerProfile profile = PeerProfile.Find(peer)!;
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, HartCount = harts });
        using BigLock.Scope scope = machine.Memory.BigLock.Enter();
        foreach (Vector vector in Vector.Load(peer, harts))
        {
            // A subsection that is missing as a whole is no error.
            int whole = vector.IdString is "fw_cfg" ? 6 : vector.Body.Length / 2;
            SaveStateEntry entry = machine.Registry.Find(vector.IdString, vector.Instance)!;
            for (int cut = 0; cut < whole; cut++)
                Assert.Throws<StreamFormatException>(() => Load(entry, vector with { Body = vector.Body[..(2 * cut)] }, profile));
        }
    }

    internal static string Save(SaveStateEntry entry, PeerProfile profile)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MigrationWriter writer = MigrationWriter.ToMemory(buffer);
        VmStateCodec.Save(entry, writer, null, profile);
        writer.Flush();
        return Convert.ToHexStringLower(buffer.WrittenSpan);
    }

    private static void Load(SaveStateEntry entry, Vector vector, PeerProfile profile)
    {
        MigrationReader reader = MigrationReader.FromMemory(Convert.FromHexString(vector.Body));
        VmStateCodec.Load(entry, reader, vector.Version, profile);
        Assert.True(reader.IsAtEnd());
    }

    /// <summary>The first word of the clock's section is the host's cycle counter.</summary>
    private static string MaskTicks(Vector vector) => vector.IdString is "timer" ? vector.Body[16..] : vector.Body;

    internal sealed record Vector(string IdString, uint Instance, uint Version, string Body)
    {
        public static List<Vector> Load(string peer, int harts)
        {
            string start = string.Create(CultureInfo.InvariantCulture, $"{peer} {harts} ");
            return [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "vectors", "riscv-virt", "sections.txt"))
                .Where(line => line.StartsWith(start, StringComparison.Ordinal))
                .Select(line => line.Split(' '))
                .Where(p => p[2] is not ("cpu" or "cpu_common" or "globalstate"))
                .Select(p => new Vector(p[2], uint.Parse(p[3], CultureInfo.InvariantCulture), uint.Parse(p[4], CultureInfo.InvariantCulture), p[5]))];
        }
    }
}
