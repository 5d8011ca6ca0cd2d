using Godwit.Memory;

namespace Godwit.Accel.Tests;

/// <summary>A memory system with one RAM region, for tests of slots.</summary>
internal sealed class TestSlots : IDisposable
{
    internal TestSlots(ulong pages = 300)
    {
        using (Memory.BigLock.Enter())
        {
            Root = MemoryRegion.CreateContainer(Memory, "root", (Int128)1 << 64);
            Ram = MemoryRegion.CreateRam(Memory, "ram", pages * 4096);
            Root.AddSubregion(Ram, 0x8000_0000);
            AddressSpace = Memory.CreateAddressSpace("memory", Root);
        }
    }

    internal MemorySystem Memory { get; } = new();

    internal MemoryRegion Root { get; }

    internal MemoryRegion Ram { get; }

    internal AddressSpace AddressSpace { get; }

    internal RamBlock Block => Ram.RamBlock!;

    public void Dispose() => Memory.Dispose();

    internal MemorySlot Slot(int id = 0) =>
        new(id, new GuestAddress(0x8000_0000), Block.UsedLengthBytes, Block, new RamOffset(0), isReadOnly: false);
}
