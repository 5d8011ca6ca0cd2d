using Godwit.Memory;

namespace Godwit.Accel;

/// <summary>Write protection for CPUs in software: they ask the block's gate in <see cref="SoftwareSlot.NoteWrite"/>, before a store's address is cached.</summary>
/// <remarks>docs/formats/dirty-log.md, "Write protection".</remarks>
public sealed class SoftwareWriteProtection : IWriteProtection
{
    private readonly SafePointDomain _safePoints;
    private IReadOnlyList<RamBlock> _blocks = [];

    /// <summary>Initializes a new instance of the <see cref="SoftwareWriteProtection"/> class, off.</summary>
    /// <param name="safePoints">The barrier of the CPUs.</param>
    public SoftwareWriteProtection(SafePointDomain safePoints)
    {
        ArgumentNullException.ThrowIfNull(safePoints);
        _safePoints = safePoints;
    }

    /// <inheritdoc/>
    public void Protect(IReadOnlyList<RamBlock> blocks, IWriteGate gate)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        ArgumentNullException.ThrowIfNull(gate);
        Volatile.Write(ref _blocks, blocks);
        foreach (RamBlock block in blocks)
            block.WriteGate = gate;

        // CPUs drop their cached write permissions before their next store.
        _safePoints.WaitUntilAcknowledged(_safePoints.Advance());
    }

    /// <inheritdoc/>
    public void Unprotect(RamBlock block, RamOffset offset, ulong lengthBytes)
    {
        // The gate knows which pages are still to be saved; nothing else was set up for them.
    }

    /// <inheritdoc/>
    public void UnprotectAll()
    {
        foreach (RamBlock block in Interlocked.Exchange(ref _blocks, []))
            block.WriteGate = null;
    }
}
