using System.Buffers;
using System.Buffers.Binary;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Accel.RiscV.Tests;

/// <summary>The sections <c>cpu_common</c> and <c>cpu</c> against bodies that real peers wrote (tests/vectors/cpu).</summary>
public sealed class CpuSectionTests
{
    private const int MipOffset10 = 753;
    private const int MipOffset11 = 731;

    [Theory]
    [InlineData("10.0")]
    [InlineData("11.1")]
    public void Save_HartAfterReset_EqualsThePeersBytes(string peer)
    {
        using var machine = new TestMachine(resetVector: 0x1000, model: ModelOf(peer));
        machine.Hart.SetInterruptLine(InterruptLine.MachineTimer, level: true);
        (byte[] common, byte[] cpu) = Vector(peer);
        Assert.Equal(common, Save(machine, "cpu_common", peer));
        Assert.Equal(cpu, Save(machine, "cpu", peer));
    }

    [Theory]
    [InlineData("10.0", 10)]
    [InlineData("11.1", 12)]
    public void Save_AfterLoadingAStateWithEveryFieldDifferent_GivesTheSameBytes(string peer, uint version)
    {
        byte[] body = Vector(peer).Cpu;
        Scramble(body, peer);
        using var machine = new TestMachine(resetVector: 0x1000);
        Load(machine, "cpu", version, body);
        Assert.Equal(body, Save(machine, "cpu", peer));
    }

    [Theory]
    [InlineData(0x80, "sstc=off")]
    [InlineData(0x40, "svpbmt=off")]
    [InlineData(0x20, "svadu=off")]
    public void Load_ExtensionSwitchedOnThatThisCpuHasNot_IsRefusedWithTheOption(byte highByte, string option)
    {
        byte[] body = Vector("10.0").Cpu;
        body[^24] = highByte;
        using var machine = new TestMachine(resetVector: 0x1000);

        var refusal = Assert.Throws<StreamFormatException>(() => Load(machine, "cpu", 10, body));

        Assert.Contains("env.menvcfg", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(option, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0", 10, "11.1")]
    [InlineData("11.1", 12, "10.0")]
    public void Save_ForTheOtherPeer_EqualsWhatThatPeerWrites(string from, uint version, string to)
    {
        using var machine = new TestMachine(resetVector: 0x1000);
        Load(machine, "cpu", version, Vector(from).Cpu);
        Assert.Equal(Vector(to).Cpu, Save(machine, "cpu", to));
    }

    [Fact]
    public void Save_TimerArmed_OnlyThePeerThatLosesTimersSeesItPending()
    {
        using var machine = new TestMachine(resetVector: 0x1000);
        machine.Accelerator.IsTimerArmed = _ => true;
        Assert.Equal(0x80UL, BinaryPrimitives.ReadUInt64BigEndian(Save(machine, "cpu", "10.0").AsSpan(MipOffset10)));
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32BigEndian(Save(machine, "cpu_common", "10.0").AsSpan(4)));
        Assert.Equal(0UL, BinaryPrimitives.ReadUInt64BigEndian(Save(machine, "cpu", "11.1").AsSpan(MipOffset11)));
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32BigEndian(Save(machine, "cpu_common", "11.1").AsSpan(4)));
    }

    [Theory]
    [InlineData(708, 0x0014_11adUL, 4, "h=off")]
    [InlineData(708, 0x0034_112dUL, 4, "v=off")]
    [InlineData(708, 0x0014_1129UL, 4, "c=on")]
    [InlineData(704, 1UL, 4, "misa_mxl")]
    [InlineData(688, 2UL, 8, "priv_spec")]
    [InlineData(720, 2UL, 8, "env.priv")]
    [InlineData(728, 1UL, 1, "h=off")]
    [InlineData(737, 1UL, 8, "env.mhartid")]
    [InlineData(809, 0x9000_0000_0000_0000UL, 8, "sv39=on")]
    [InlineData(664, 8UL, 8, "env.frm")]
    public void Load_FieldOfAnotherCpu_IsRefusedByNameWithTheOption(int offset, ulong value, int size, string named)
    {
        byte[] body = Vector("10.0").Cpu;
        for (int i = 0; i < size; i++)
            body[offset + i] = (byte)(value >> (8 * (size - 1 - i)));
        using var machine = new TestMachine(resetVector: 0x1000);
        StreamFormatException error = Assert.Throws<StreamFormatException>(() => Load(machine, "cpu", 10, body));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu/hyper", "h=off")]
    [InlineData("cpu/timer", "sstc=off")]
    [InlineData("cpu/debug", "debug=off")]
    [InlineData("cpu/vector", "v=off")]
    public void Load_SubsectionOfAFeatureOutsideTheContract_IsRefusedWithTheOption(string name, string option)
    {
        byte[] header = [5, (byte)name.Length, .. System.Text.Encoding.ASCII.GetBytes(name), 0, 0, 0, 1];
        byte[] body = [.. Vector("10.0").Cpu, .. header];
        using var machine = new TestMachine(resetVector: 0x1000);
        StreamFormatException error = Assert.Throws<StreamFormatException>(() => Load(machine, "cpu", 10, body));
        Assert.Contains(option, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WithoutPmpSubsection_IsRefused()
    {
        using var machine = new TestMachine(resetVector: 0x1000);
        StreamFormatException error = Assert.Throws<StreamFormatException>(() => Load(machine, "cpu", 10, Vector("10.0").Cpu[..2481]));
        Assert.Contains("pmp=on", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0", 10)]
    [InlineData("11.1", 12)]
    public void Load_TruncatedAtEveryByte_IsRefused(string peer, uint version)
    {
        byte[] body = Vector(peer).Cpu;
        using var machine = new TestMachine(resetVector: 0x1000);
        for (int length = 0; length < body.Length; length += length < 700 ? 7 : 13)
            Assert.Throws<StreamFormatException>(() => Load(machine, "cpu", version, body[..length]));
    }

    [Fact]
    public void Load_CommonWithHalted_TheHartWaits()
    {
        using var machine = new TestMachine(resetVector: 0x1000);
        Load(machine, "cpu_common", 1, [0, 0, 0, 1, 0, 0, 0, 0]);
        Assert.True(machine.Hart.IsHalted);
    }

    private static RiscVCpuModel ModelOf(string peer) =>
        string.Equals(peer, "11.1", StringComparison.Ordinal) ? RiscVCpuModel.Qemu11_1 : RiscVCpuModel.Qemu10_0;

    private static (byte[] Common, byte[] Cpu) Vector(string peer)
    {
        string[] lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "vectors", "cpu", $"qemu-{peer}-reset.txt"));
        return (Convert.FromHexString(lines[1]), Convert.FromHexString(lines[2]));
    }

    // Gives every field that may differ another value; constants and the headers of subsections stay.
    private static void Scramble(byte[] body, string peer)
    {
        bool is10 = string.Equals(peer, "10.0", StringComparison.Ordinal);
        (int From, int To)[] ranges = is10
            ? [(8, 664), (671, 688), (745, 761), (769, 809), (817, 2473), (2494, 2638), (2654, 2678)]
            : [(8, 665), (665, 681), (723, 739), (747, 787), (795, 1671), (1692, 2268), (2284, 2308)];
        for (int i = 0; i < ranges.Length; i++)
        {
            for (int at = ranges[i].From; at < ranges[i].To; at++)
                body[at] = (byte)((at * 7) + i);
        }

        // frm is a small number; SD is never stored; menvcfg has only bits that this CPU has.
        body[^24] &= 0x1f;
        body[is10 ? 671 : 664] = 3;
        body[is10 ? 745 : 723] &= 0x7f;
    }

    private static byte[] Save(TestMachine machine, string section, string peer)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MigrationWriter writer = MigrationWriter.ToMemory(buffer);
        VmStateCodec.Save(Entry(machine, section), writer, json: null, PeerProfile.Find(peer)!);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Load(TestMachine machine, string section, uint version, byte[] body) =>
        VmStateCodec.Load(Entry(machine, section), MigrationReader.FromMemory(body), version);

    private static SaveStateEntry Entry(TestMachine machine, string section)
    {
        var registry = new VmStateRegistry();
        machine.Hart.RegisterState(registry);
        return registry.Find(section, 0)!;
    }
}
