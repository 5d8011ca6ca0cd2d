namespace Godwit.Memory;

/// <summary>A group of changes to the region tree; takes effect when the outermost one is disposed.</summary>
public readonly ref struct MemoryTransaction
{
    private readonly MemorySystem _system;

    internal MemoryTransaction(MemorySystem system) => _system = system;

    /// <summary>Ends the group; the outermost one tells the listeners and publishes the new views, if something visible changed.</summary>
    public void Dispose() => _system.EndTransaction();
}
