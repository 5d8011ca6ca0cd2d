using Godwit.Memory;
using Godwit.Native;

namespace Godwit.Migration;

/// <summary>A page that was saved before somebody changed it.</summary>
/// <param name="Block">Its block.</param>
/// <param name="Page">Its place there.</param>
/// <param name="Slot">Which spare page holds the content.</param>
/// <param name="Memory">The content.</param>
internal readonly record struct SavedPage(RamBlock Block, PageIndex Page, int Slot, HostRange Memory);
