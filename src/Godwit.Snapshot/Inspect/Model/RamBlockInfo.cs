namespace Godwit.Snapshot;

/// <summary>A RAM block as the stream announces it.</summary>
/// <param name="Name">Its idstr.</param>
/// <param name="UsedLengthBytes">Its length.</param>
/// <param name="PageSizeBytes">Its backing page size if the stream gives it, else the target page size.</param>
public sealed record RamBlockInfo(string Name, ulong UsedLengthBytes, ulong PageSizeBytes)
{
    /// <summary>Guest physical address, with capability x-ignore-shared.</summary>
    public ulong? GuestAddress { get; init; }

    /// <summary>File offset of the bitmap, in a mapped-ram file.</summary>
    public long? BitmapOffset { get; init; }

    /// <summary>File offset of page 0, in a mapped-ram file.</summary>
    public long? PagesOffset { get; init; }

    /// <summary>Pages in the mapped-ram file, by its bitmap.</summary>
    public PageCounts? Pages { get; init; }
}
