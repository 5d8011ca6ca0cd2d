namespace Godwit.Memory;

/// <content>Stores into RAM that are not made by the guest's CPU.</content>
public sealed partial class MemorySystem
{
    /// <summary>Writes to a RAM block as a device or loader does: first the bytes, then the dirty bits.</summary>
    /// <remarks>The caller holds a reference to the block, or the big lock while the block is in the list.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The bytes are not inside the allocated length.</exception>
    public void WriteRam(RamBlock block, RamOffset offset, ReadOnlySpan<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(block);
        var target = block.GetSpan(offset, bytes.Length);
        block.PageGate?.EnsurePresent(block, offset, (ulong)bytes.Length);
        block.WriteGate?.BeforeWrite(block, offset, (ulong)bytes.Length);
        bytes.CopyTo(target);
        NoteStore(block, offset, (ulong)bytes.Length);
    }

    /// <summary>Marks the pages of a store to a RAM block that was made just before, by whatever way, other than through an address space.</summary>
    public void NoteStore(RamBlock block, RamOffset offset, ulong lengthBytes)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (lengthBytes == 0)
            return;
        var start = block.ToRamAddress(offset);
        var mask = block.Region.DirtyLogMask;
        // Code is never marked dirty: what was derived from it is dropped instead.
        if ((mask & DirtyClientMask.Code) != DirtyClientMask.None)
            CodeInvalidator?.InvalidateCode(start, lengthBytes);
        Dirty.SetRangeAfterStore(start, lengthBytes, mask & ~DirtyClientMask.Code);
    }
}
