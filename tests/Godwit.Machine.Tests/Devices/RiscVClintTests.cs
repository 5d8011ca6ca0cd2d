using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine.Tests;

public sealed class RiscVClintTests
{
    private const ulong Msip = 0x200_0000;
    private const ulong Compare = 0x200_4000;
    private const ulong Time = 0x200_bff8;

    [Fact]
    public void SoftwareInterrupt_BitZero_DrivesTheHartsLine()
    {
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, HartCount = 2 });
        machine.Write(Msip + 4, 0xffff_ffff);
        Assert.Equal([0x80u, 0x88u], machine.Harts.Select(h => h.Lines));
        Assert.Equal(1UL, machine.Read(Msip + 4));
        machine.Write(Msip + 4, 2);
        Assert.Equal(0x80u, machine.Harts[1].Lines);
        machine.Write(Msip + 8, 1);
        Assert.Equal(0UL, machine.Read(Msip + 8));
    }

    [Fact]
    public void Compare_AheadOfTime_LowersTheLineUntilTimeComes()
    {
        using var machine = new TestMachine();
        machine.Write(Compare, 1000, 8);
        Assert.Equal(0u, machine.Harts[0].Lines);
        machine.Clock.OffsetNanoseconds = 99_999;
        Assert.Equal(999UL, machine.Read(Time, 8));
        machine.Clock.Start();
        Assert.True(SpinWait.SpinUntil(() => machine.Harts[0].Lines == 0x80, TimeSpan.FromSeconds(10)));
        Assert.True(machine.Machine.ReadTime() >= 1000);
    }

    [Fact]
    public void Compare_Halves_AreMerged()
    {
        using var machine = new TestMachine();
        machine.Write(Compare, 0xdead_beef);
        machine.Write(Compare + 4, 0x1234_5678);
        Assert.Equal(0x1234_5678_dead_beefUL, machine.Read(Compare, 8));
        Assert.Equal(0x1234_5678UL, machine.Read(Compare + 4));
    }

    [Fact]
    public void Time_Written_ShiftsTimeAndComparisons()
    {
        using var machine = new TestMachine();
        machine.Write(Compare, 5000, 8);
        machine.Write(Time, 6000, 8);
        Assert.Equal(6000UL, machine.Machine.ReadTime());
        Assert.Equal(0x80u, machine.Harts[0].Lines);
        machine.Write(Time, 0);
        Assert.Equal(0u, machine.Harts[0].Lines);
    }

    [Fact]
    public void Reset_AfterAnHour_RestartsTime()
    {
        using var machine = new TestMachine();
        machine.Clock.OffsetNanoseconds = 3_600_000_000_000;
        machine.Machine.Reset();
        Assert.Equal(0UL, machine.Machine.ReadTime());
        Assert.Equal(0x80u, machine.Harts[0].Lines);
    }

    [Theory]
    [InlineData(0UL, "0000000000000000" + "00000000000003e8" + "00000000000186a0")]
    [InlineData(ulong.MaxValue, "0000000000000000" + "ffffffffffffffff" + "7fffffffffffffff")]
    public void Save_ArmedTimerFor11_CarriesItsExpiry(ulong compare, string body)
    {
        using var machine = new TestMachine();
        using BigLock.Scope scope = machine.Memory.BigLock.Enter();
        machine.Write(Compare, compare == 0 ? 1000 : compare, 8);
        Assert.Equal(body, SectionVectorTests.Save(machine.Registry.Find("riscv_mtimer", 0)!, PeerProfile.Qemu11_1));
    }

    [Theory]
    [InlineData(1000UL, "10.0", true)]
    [InlineData(ulong.MaxValue, "10.0", false)]
    [InlineData(1000UL, "11.1", false)]
    public void IsTimerLostOn_ArmedComparator_OnlyFor10(ulong compare, string peer, bool isLost)
    {
        using var machine = new TestMachine();
        machine.Write(Compare, compare, 8);
        Assert.Equal(isLost, machine.Machine.Clint.IsTimerLostOn(0, PeerProfile.Find(peer)!));
    }
}
