using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>Neighbouring dirty pages of one block, taken from the bitmap and to be sent now.</summary>
/// <param name="Block">The block.</param>
/// <param name="First">The first page, counted from the start of the block.</param>
/// <param name="Count">How many pages; at least 1 in a run that a search found.</param>
public readonly record struct PageRun(RamBlock Block, PageIndex First, int Count)
{
    /// <summary>Byte offset of the first page in the block.</summary>
    public RamOffset Start => First.ToRamOffset();

    /// <summary>Length in bytes.</summary>
    public long LengthBytes => (long)Count << TargetPage.Bits;
}
