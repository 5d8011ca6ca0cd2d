namespace Godwit.Migration;

/// <summary>One block in the block list of the START section (docs/formats/ram.md, "Block list").</summary>
/// <param name="Name">The block's unique name, 1 to 255 bytes.</param>
/// <param name="UsedLengthBytes">Its length.</param>
/// <param name="PageSizeBytes">Page size of its backing memory; only written with postcopy, if it is not the default.</param>
/// <param name="GuestAddress">Address of its region; only written with x-ignore-shared.</param>
public readonly record struct RamBlockListEntry(string Name, ulong UsedLengthBytes, ulong? PageSizeBytes = null, ulong? GuestAddress = null);
