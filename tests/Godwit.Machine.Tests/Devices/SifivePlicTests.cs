namespace Godwit.Machine.Tests;

public sealed class SifivePlicTests
{
    private const ulong Base = 0xc00_0000;
    private const uint Supervisor = 1 << 9;

    [Fact]
    public void Claim_OfEnabledSource_TakesItAndLowersTheLine()
    {
        using TestMachine machine = Create(enabled: 1 << 10, priority: 1);
        machine.Machine.Plic.SetLevel(10, true);
        Assert.Equal(Supervisor, machine.Harts[0].Lines & Supervisor);
        Assert.Equal(1UL << 10, machine.Read(Base + 0x1000));
        Assert.Equal(10UL, Claim(machine));
        Assert.Equal(0u, machine.Harts[0].Lines & Supervisor);
        Assert.Equal(0UL, machine.Read(Base + 0x1000));
        Assert.Equal(0UL, Claim(machine));
    }

    [Fact]
    public void Level_RaisedAgainWhileClaimed_FiresAfterCompletion()
    {
        using TestMachine machine = Create(enabled: 1 << 10, priority: 1);
        machine.Machine.Plic.SetLevel(10, true);
        Claim(machine);
        machine.Machine.Plic.SetLevel(10, true);
        Assert.Equal(0u, machine.Harts[0].Lines & Supervisor);
        machine.Write(Base + 0x201004, 10);
        Assert.Equal(Supervisor, machine.Harts[0].Lines & Supervisor);
    }

    [Fact]
    public void Level_Lowered_TakesThePendingBitAway()
    {
        using TestMachine machine = Create(enabled: 1 << 10, priority: 1);
        machine.Machine.Plic.SetLevel(10, true);
        machine.Machine.Plic.SetLevel(10, false);
        Assert.Equal(0u, machine.Harts[0].Lines & Supervisor);
        Assert.Equal(0UL, Claim(machine));
    }

    [Theory]
    [InlineData(0u, 0u, false)]
    [InlineData(1u, 0u, true)]
    [InlineData(1u, 1u, false)]
    [InlineData(7u, 6u, true)]
    [InlineData(15u, 6u, true)]
    [InlineData(8u, 0u, false)]
    public void Source_AgainstThreshold_FiresOnlyAboveIt(uint priority, uint threshold, bool fires)
    {
        using TestMachine machine = Create(enabled: 1 << 10, priority);
        machine.Write(Base + 0x201000, threshold);
        machine.Machine.Plic.SetLevel(10, true);
        Assert.Equal(fires, (machine.Harts[0].Lines & Supervisor) != 0);
    }

    [Fact]
    public void Claim_OfSeveral_TakesHighestPriorityThenLowestNumber()
    {
        using TestMachine machine = Create(enabled: uint.MaxValue, priority: 3);
        machine.Write(Base + (4 * 7), 5);
        foreach (int source in new[] { 12, 7, 3, 31 })
            machine.Machine.Plic.SetLevel(source, true);
        Assert.Equal([7UL, 3UL, 12UL, 31UL, 0UL], Enumerable.Range(0, 5).Select(_ => Claim(machine)));
    }

    [Fact]
    public void Enable_Written_TakesEffectAtTheNextEvent()
    {
        using TestMachine machine = Create(enabled: 0, priority: 1);
        machine.Machine.Plic.SetLevel(10, true);
        machine.Write(Base + 0x2080, 1 << 10);
        Assert.Equal(0u, machine.Harts[0].Lines & Supervisor);
        machine.Write(Base + 4, 1);
        Assert.Equal(Supervisor, machine.Harts[0].Lines & Supervisor);
    }

    [Fact]
    public void Contexts_OfTwoHarts_AreSeparate()
    {
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, HartCount = 2 });
        machine.Write(Base + (4 * 33), 1);
        machine.Write(Base + 0x2000 + (2 * 0x80) + 4, 2);
        machine.Machine.Plic.SetLevel(33, true);
        Assert.Equal([0u, 1u << 11], machine.Harts.Select(h => h.Lines & ~0x80u));
        Assert.Equal(33UL, machine.Read(Base + 0x202004));
    }

    [Theory]
    [InlineData(0x0UL)]
    [InlineData(0x180UL)]
    [InlineData(0x100cUL)]
    [InlineData(0x200cUL)]
    [InlineData(0x2100UL)]
    [InlineData(0x202000UL)]
    [InlineData(0x200008UL)]
    [InlineData(0x5ffffcUL)]
    public void Write_WhereNoRegisterIs_IsIgnored(ulong offset)
    {
        using var machine = new TestMachine();
        machine.Write(Base + offset, 0xffff_ffff);
        Assert.Equal(0UL, machine.Read(Base + offset));
    }

    private static ulong Claim(TestMachine machine) => machine.Read(Base + 0x201004);

    private static TestMachine Create(uint enabled, uint priority)
    {
        var machine = new TestMachine();
        for (ulong source = 1; source < 96; source++)
            machine.Write(Base + (4 * source), priority);
        machine.Write(Base + 0x2080, enabled);
        return machine;
    }
}
