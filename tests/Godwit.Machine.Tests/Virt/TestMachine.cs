using Godwit.Accel;
using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine.Tests;

/// <summary>A machine whose harts are only interrupt lines; the test holds the big lock all the time.</summary>
internal sealed class TestMachine : IDisposable
{
    private readonly MemorySystem _memory = new();

    public TestMachine(VirtMachineOptions? options = null)
    {
        options ??= new VirtMachineOptions { RamBytes = 16 << 20 };
        Console = new RingCharBackend();
        Clock = new VirtualClock(_memory.BigLock);
        using (_memory.BigLock.Enter())
        {
            Machine = new VirtMachine(options with { Serial = Console, Time = Time }, _memory, Clock);
            Harts = [.. Enumerable.Range(0, options.HartCount).Select(i => new TestHart(i))];
            Machine.ConnectHarts(Harts);
            ClockState.Register(Registry, Clock);
            Machine.RegisterDevices(Registry);
            Machine.Reset();
        }
    }

    public VirtMachine Machine { get; }

    public VirtualClock Clock { get; }

    public RingCharBackend Console { get; }

    public TestHart[] Harts { get; }

    public FixedTime Time { get; } = new();

    public MemorySystem Memory => _memory;

    public VmStateRegistry Registry { get; } = new();

    public ulong Read(ulong address, int sizeBytes = 4)
    {
        Assert.Equal(MemoryTransactionResult.Ok, TryRead(address, sizeBytes, out ulong value));
        return value;
    }

    public MemoryTransactionResult TryRead(ulong address, int sizeBytes, out ulong value)
    {
        using BigLock.Scope scope = _memory.BigLock.EnterIfNeeded();
        return Machine.AddressSpace.Read(new GuestAddress(address), sizeBytes, out value);
    }

    public void Write(ulong address, ulong value, int sizeBytes = 4) =>
        Assert.Equal(MemoryTransactionResult.Ok, TryWrite(address, value, sizeBytes));

    public MemoryTransactionResult TryWrite(ulong address, ulong value, int sizeBytes)
    {
        using BigLock.Scope scope = _memory.BigLock.EnterIfNeeded();
        return Machine.AddressSpace.Write(new GuestAddress(address), sizeBytes, value);
    }

    public void Dispose()
    {
        Clock.Dispose();
        Machine.Dispose();
        _memory.Dispose();
    }

    internal sealed class TestHart(int index) : IInterruptSink
    {
        private uint _lines;

        public int Index => index;

        /// <summary>The lines as bits of <c>mip</c>.</summary>
        public uint Lines => _lines;

        public void SetInterruptLine(InterruptLine line, bool level) =>
            _lines = level ? _lines | 1u << (int)line : _lines & ~(1u << (int)line);
    }

    /// <summary>Wall time that stands still.</summary>
    internal sealed class FixedTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
