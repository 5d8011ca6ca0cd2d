namespace Godwit.Memory;

/// <summary>Stands before the pages of a block while some of them may not have arrived yet.</summary>
/// <remarks>
/// Managed code must not touch a page that userfaultfd has not filled: a thread that waits inside such a fault can block a garbage
/// collection. Accesses through an <see cref="AddressSpace"/> and <see cref="MemorySystem"/> ask the gate first; code that reads host memory
/// itself (a software CPU's fast path) has to ask as well before it caches a host address.
/// </remarks>
public interface IPageGate
{
    /// <summary>Returns when every page of the range is present; waits, in a native call, for those that are not.</summary>
    void EnsurePresent(RamBlock block, RamOffset offset, ulong lengthBytes);
}
