namespace Godwit.Snapshot;

/// <summary>Reads one kind of channel to its end.</summary>
internal interface IChannelWalker
{
    /// <summary>Appends an item per element; an item that an error interrupts has the length read so far.</summary>
    void Walk(List<StreamItem> items);
}
