namespace Godwit.Machine.Tests;

public sealed class Uart16550Tests
{
    private const ulong Base = 0x1000_0000;
    private const ulong Pending = 0xc00_1000;

    [Fact]
    public void Registers_AfterReset_AreThoseOfTheRealDevice()
    {
        using var machine = new TestMachine();
        Assert.Equal([0x00UL, 0x00, 0x01, 0x00, 0x08, 0x60, 0xb0, 0x00], Enumerable.Range(0, 8).Select(i => machine.Read(Base + (ulong)i, 1)));
        machine.Write(Base + 3, 0x80, 1);
        Assert.Equal(0x0cUL, machine.Read(Base, 1));
    }

    [Fact]
    public void Transmit_Byte_ReachesTheBackendAndInterrupts()
    {
        using var machine = new TestMachine();
        machine.Write(Base + 1, 2, 1);
        Assert.Equal(0x02UL, machine.Read(Base + 2, 1));
        Assert.Equal(0x01UL, machine.Read(Base + 2, 1));
        machine.Write(Base, 'x', 1);
        Assert.Equal("x", machine.Console.GetText());
        Assert.Equal(0x60UL, machine.Read(Base + 5, 1));
        Assert.Equal(1UL << 10, machine.Read(Pending));
        Assert.Equal(0x02UL, machine.Read(Base + 2, 1));
        Assert.Equal(0UL, machine.Read(Pending));
    }

    [Fact]
    public void Probe_OfLinux_FindsA16550A()
    {
        using var machine = new TestMachine();
        machine.Write(Base + 7, 0x5a, 1);
        Assert.Equal(0x5aUL, machine.Read(Base + 7, 1));
        machine.Write(Base + 1, 0xff, 1);
        Assert.Equal(0x0fUL, machine.Read(Base + 1, 1));
        machine.Write(Base + 1, 0, 1);
        machine.Write(Base + 4, 0x1a, 1);
        Assert.Equal(0x90UL, machine.Read(Base + 6, 1) & 0xf0);
        machine.Write(Base + 4, 0, 1);
        machine.Write(Base + 2, 1, 1);
        Assert.Equal(0xc1UL, machine.Read(Base + 2, 1));
    }

    [Fact]
    public void Receive_WithoutFifo_HoldsOneByteUntilItIsRead()
    {
        using var machine = new TestMachine();
        machine.Write(Base + 1, 1, 1);
        machine.Console.Send("ab"u8);
        Assert.Equal(0x61UL, machine.Read(Base + 5, 1));
        Assert.Equal(0x04UL, machine.Read(Base + 2, 1));
        Assert.Equal((ulong)'a', machine.Read(Base, 1));
        Assert.Equal((ulong)'b', machine.Read(Base, 1));
        Assert.Equal(0x60UL, machine.Read(Base + 5, 1));
        Assert.Equal(0x01UL, machine.Read(Base + 2, 1));
    }

    [Theory]
    [InlineData(0x01, 1)]
    [InlineData(0x41, 4)]
    [InlineData(0x81, 8)]
    [InlineData(0xc1, 14)]
    public void Receive_WithFifo_InterruptsAtTheTrigger(byte control, int trigger)
    {
        using var machine = new TestMachine();
        machine.Write(Base + 2, control, 1);
        machine.Write(Base + 1, 1, 1);
        machine.Console.Send(new byte[trigger - 1]);
        Assert.Equal(0xc1UL, machine.Read(Base + 2, 1));
        machine.Console.Send(new byte[1]);
        Assert.Equal(0xc4UL, machine.Read(Base + 2, 1));
    }

    [Fact]
    public void Receive_BelowTheTrigger_TimesOut()
    {
        using var machine = new TestMachine();
        machine.Write(Base + 2, 0x81, 1);
        machine.Write(Base + 1, 1, 1);
        machine.Clock.Start();
        machine.Console.Send("a"u8);
        Assert.True(SpinWait.SpinUntil(() => machine.Read(Base + 2, 1) == 0xcc, TimeSpan.FromSeconds(10)));
        Assert.Equal((ulong)'a', machine.Read(Base, 1));
        Assert.Equal(0xc1UL, machine.Read(Base + 2, 1));
    }

    [Fact]
    public void Receive_MoreThanTheFifoHolds_ComesLaterWithoutLoss()
    {
        using var machine = new TestMachine();
        machine.Write(Base + 2, 1, 1);
        byte[] sent = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        machine.Console.Send(sent);
        var received = new List<byte>();
        while ((machine.Read(Base + 5, 1) & 1) != 0)
            received.Add((byte)machine.Read(Base, 1));
        Assert.Equal(sent, received);
    }

    [Fact]
    public void Loop_SentByte_ComesBack()
    {
        using var machine = new TestMachine();
        machine.Write(Base + 4, 0x10, 1);
        machine.Write(Base, 0x42, 1);
        Assert.Equal(0x42UL, machine.Read(Base, 1));
        Assert.Equal(string.Empty, machine.Console.GetText());
    }

    [Fact]
    public void Loop_TwoBytesWithoutFifo_Overrun()
    {
        using var machine = new TestMachine();
        machine.Write(Base + 4, 0x10, 1);
        machine.Write(Base + 1, 4, 1);
        machine.Write(Base, 1, 1);
        machine.Write(Base, 2, 1);
        Assert.Equal(0x06UL, machine.Read(Base + 2, 1));
        Assert.Equal(0x63UL, machine.Read(Base + 5, 1));
        Assert.Equal(0x61UL, machine.Read(Base + 5, 1));
        Assert.Equal(0x01UL, machine.Read(Base + 2, 1));
    }

    [Fact]
    public void WideAccess_AtARegister_TouchesThatOneAlone()
    {
        using var machine = new TestMachine();
        machine.Write(Base + 4, 0x1122_3304);
        Assert.Equal([0x04UL, 0x60, 0xb0, 0x00], Enumerable.Range(4, 4).Select(i => machine.Read(Base + (ulong)i, 1)));
        Assert.Equal(0x60UL, machine.Read(Base + 5, 2));
    }
}
