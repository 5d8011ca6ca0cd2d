using System.Runtime.InteropServices;

namespace Godwit.Snapshot;

/// <summary>Pages of one kind that follow each other in a block and in the stream, as an inspection finds them.</summary>
/// <param name="Block">Name of the RAM block.</param>
/// <param name="Kind">How they are in the stream.</param>
/// <param name="BlockOffset">Byte offset of the first page in the block.</param>
/// <param name="Count">Number of pages.</param>
/// <param name="StreamOffset">File offset of the first page's record, or of its data in a mapped-ram file.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct StreamPageRun(string Block, PageKind Kind, ulong BlockOffset, long Count, long StreamOffset);
