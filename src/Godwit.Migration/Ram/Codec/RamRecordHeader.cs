using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>A decoded record up to its payload.</summary>
/// <param name="Kind">The one kind flag.</param>
/// <param name="Address">The address part of the first word: page offset, or total for the block list.</param>
/// <param name="Block">The block of a page record, which <paramref name="Address"/> lies inside of; else null.</param>
/// <param name="Position">Stream offset of the first word.</param>
public readonly record struct RamRecordHeader(RamRecordBits Kind, ulong Address, RamBlock? Block, long Position);
