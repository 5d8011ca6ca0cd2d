using Godwit.Memory;

namespace Godwit.Machine.Tests;

/// <summary>A guest's driver of one legacy transport: rings at fixed places in RAM, one request at a time.</summary>
internal sealed class VirtioDriver
{
    public const uint RingSize = 16;

    private readonly TestMachine _machine;
    private readonly ulong _base;
    private readonly ushort[] _avail = new ushort[4];
    private readonly ushort[] _used = new ushort[4];
    private readonly bool _hasEventIndex;

    public VirtioDriver(TestMachine machine, int slot, int queues = 1, uint features = 0)
    {
        _machine = machine;
        _hasEventIndex = (features & (1u << 29)) != 0;
        _base = 0x1000_1000 + (0x1000 * (ulong)slot);
        Set(0x70, 0);
        Set(0x70, 1 | 2);
        Set(0x28, 4096);
        Set(0x20, features);
        for (int i = 0; i < queues; i++)
        {
            Set(0x30, (uint)i);
            Set(0x38, RingSize);
            Set(0x3c, 4096);
            Set(0x40, (uint)(Ring(i) >> 12));
        }

        Set(0x70, 1 | 2 | 4);
    }

    public static ulong Data => 0x8040_0000;

    public static ulong Ring(int queue) => 0x8030_0000 + ((ulong)queue * 0x4000);

    public static ulong Avail(int queue) => Ring(queue) + (16 * RingSize);

    public static ulong Used(int queue) => Ring(queue) + 0x1000;

    public uint Get(ulong register) => (uint)_machine.Read(_base + register);

    public void Set(ulong register, uint value) => _machine.Write(_base + register, value);

    public void SetDescriptor(int queue, int index, ulong address, uint length, ushort flags, ushort next = 0, ulong? table = null)
    {
        ulong at = (table ?? Ring(queue)) + (16 * (ulong)index);
        _machine.Write(at, address, 8);
        _machine.Write(at + 8, length);
        _machine.Write(at + 12, flags, 2);
        _machine.Write(at + 14, next, 2);
    }

    /// <summary>Offers a chain and rings.</summary>
    public void Offer(int queue, ushort head)
    {
        _machine.Write(Avail(queue) + 4 + (2UL * (_avail[queue] % RingSize)), head, 2);
        _machine.Write(Avail(queue) + 2, ++_avail[queue], 2);

        // With event indices a driver rings only when it passes the index that the device named.
        if (!_hasEventIndex || unchecked((ushort)(_avail[queue] - 1)) == (ushort)_machine.Read(Used(queue) + 4 + (8 * RingSize), 2))
            Set(0x50, (uint)queue);
    }

    /// <summary>Offers a chain of one part to read and one to write, waits for the answer, and returns its length.</summary>
    public uint Send(int queue, byte[] request, int answerBytes)
    {
        WriteMemory(Data, request);
        SetDescriptor(queue, 0, Data, (uint)request.Length, (ushort)(answerBytes > 0 ? 1 : 0), 1);
        SetDescriptor(queue, 1, Data + 0x10_0000, (uint)answerBytes, 2);
        Offer(queue, 0);
        return WaitForUsed(queue);
    }

    public byte[] Answer(int count) => ReadMemory(Data + 0x10_0000, count);

    public uint WaitForUsed(int queue)
    {
        Assert.True(SpinWait.SpinUntil(() => UsedIndex(queue) != _used[queue], TimeSpan.FromSeconds(20)));
        return (uint)_machine.Read(Used(queue) + 8 + (8UL * (_used[queue]++ % RingSize)));
    }

    public ushort UsedIndex(int queue) => (ushort)_machine.Read(Used(queue) + 2, 2);

    public byte[] ReadMemory(ulong address, int count)
    {
        var bytes = new byte[count];
        Assert.Equal(MemoryTransactionResult.Ok, _machine.Machine.AddressSpace.Read(new GuestAddress(address), bytes));
        return bytes;
    }

    public void WriteMemory(ulong address, byte[] bytes) =>
        Assert.Equal(MemoryTransactionResult.Ok, _machine.Machine.AddressSpace.Write(new GuestAddress(address), bytes));
}
