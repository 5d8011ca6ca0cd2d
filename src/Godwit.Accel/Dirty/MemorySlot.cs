using Godwit.Memory;

namespace Godwit.Accel;

/// <summary>A run of guest-physical memory that virtual CPUs reach without leaving guest code.</summary>
/// <remarks>Page aligned at both ends. docs/formats/dirty-log.md.</remarks>
public sealed class MemorySlot
{
    /// <summary>Initializes a new instance of the <see cref="MemorySlot"/> class.</summary>
    /// <param name="id">Number of the slot, from 0.</param>
    /// <param name="start">First guest-physical address; a multiple of 4096.</param>
    /// <param name="sizeBytes">Length; a multiple of 4096, not 0.</param>
    /// <param name="block">The memory.</param>
    /// <param name="offsetInBlock">Where in the block the slot begins; a multiple of 4096.</param>
    /// <param name="isReadOnly">Whether guest stores leave guest code instead of changing memory.</param>
    /// <exception cref="ArgumentException">A size or address is not page aligned, or the slot does not fit the block or the address space.</exception>
    public MemorySlot(int id, GuestAddress start, ulong sizeBytes, RamBlock block, RamOffset offsetInBlock, bool isReadOnly)
    {
        ArgumentNullException.ThrowIfNull(block);
        ulong offset = offsetInBlock.Value;
        if (((start.Value | sizeBytes | offset) & (TargetPage.SizeBytes - 1)) != 0 || sizeBytes == 0
            || start.Value + (sizeBytes - 1) < start.Value
            || offset > block.MaxLengthBytes || sizeBytes > block.MaxLengthBytes - offset)
        {
            throw new ArgumentException($"slot {id}: {start} + 0x{sizeBytes:x} of {block} is not a run of whole pages", nameof(sizeBytes));
        }

        Id = id;
        Start = start;
        SizeBytes = sizeBytes;
        Block = block;
        OffsetInBlock = offsetInBlock;
        IsReadOnly = isReadOnly;
        HostAddress = checked((nint)((ulong)block.HostAddress + offset));
    }

    /// <summary>Gets the number of the slot.</summary>
    public int Id { get; }

    /// <summary>Gets the first guest-physical address.</summary>
    public GuestAddress Start { get; }

    /// <summary>Gets the length in bytes.</summary>
    public ulong SizeBytes { get; }

    /// <summary>Gets the number of 4 KiB pages.</summary>
    public ulong PageCount => SizeBytes >> TargetPage.Bits;

    /// <summary>Gets the number of 64-bit words of a bitmap over the slot.</summary>
    public int BitmapWordCount => checked((int)TargetPage.WordsFor(PageCount));

    /// <summary>Gets the memory behind the slot.</summary>
    public RamBlock Block { get; }

    /// <summary>Gets where in <see cref="Block"/> the slot begins.</summary>
    public RamOffset OffsetInBlock { get; }

    /// <summary>Gets the address of the first byte in this process.</summary>
    public nint HostAddress { get; }

    /// <summary>Gets the linear RAM address of the first byte: the index into the dirty bitmaps.</summary>
    public RamAddress RamStart => Block.ToRamAddress(OffsetInBlock);

    /// <summary>Gets a value indicating whether guest stores leave guest code.</summary>
    public bool IsReadOnly { get; }

    /// <summary>Says whether a guest-physical address lies in the slot.</summary>
    /// <param name="address">The guest-physical address.</param>
    /// <returns><see langword="true"/> when it does.</returns>
    public bool Contains(ulong address) => address - Start.Value < SizeBytes;
}
