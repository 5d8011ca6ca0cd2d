namespace Godwit.Memory;

/// <summary>Keeps listeners by priority, lowest first; equal ones in order of registration.</summary>
internal static class ListenerOrder
{
    internal static MemoryListener[] Insert(MemoryListener[] listeners, MemoryListener listener)
    {
        var index = Array.FindIndex(listeners, other => other.Priority > listener.Priority);
        var position = index < 0 ? listeners.Length : index;
        return [.. listeners[..position], listener, .. listeners[position..]];
    }
}
