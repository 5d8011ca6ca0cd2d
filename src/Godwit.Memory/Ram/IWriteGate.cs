namespace Godwit.Memory;

/// <summary>Stands before the stores to blocks whose content somebody still needs as it is.</summary>
/// <remarks>
/// The counterpart of <see cref="IPageGate"/> for stores, and for the same reason asked in software: managed code must not wait inside a
/// write-protection fault. Stores through an <see cref="AddressSpace"/> and <see cref="MemorySystem"/> ask first, so do discards; what runs the
/// CPUs asks as <see cref="IWriteProtection"/> says.
/// </remarks>
public interface IWriteGate
{
    /// <summary>Returns when the range may be changed: its old content was saved, or is not needed. Any thread; may wait.</summary>
    void BeforeWrite(RamBlock block, RamOffset offset, ulong lengthBytes);
}
