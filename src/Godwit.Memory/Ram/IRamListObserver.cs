namespace Godwit.Memory;

/// <summary>Is told about changes of the RAM list, under the big lock.</summary>
public interface IRamListObserver
{
    /// <summary>A block was added; it is in the list and dirty for all clients.</summary>
    void BlockAdded(RamBlock block);

    /// <summary>A block is about to leave the list; its memory is still there.</summary>
    void BlockRemoved(RamBlock block);

    /// <summary>A block is about to change its used length. An outgoing migration cannot go on after that.</summary>
    void BlockResizing(RamBlock block, ulong oldLengthBytes, ulong newLengthBytes);
}
