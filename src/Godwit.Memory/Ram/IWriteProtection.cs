namespace Godwit.Memory;

/// <summary>What runs the CPUs, as somebody sees it who has to keep memory as it was at one instant while the guest runs on.</summary>
/// <remarks>
/// A software CPU asks the gate before it caches that a page may be written. With <c>/dev/kvm</c> it is userfaultfd write protection: a thread takes
/// the fault of a CPU, asks the gate and lifts the protection of the page. One user at a time.
/// </remarks>
public interface IWriteProtection
{
    /// <summary>
    /// From the return on every store of a CPU, a device or a loader to the blocks is preceded by a call of the gate, at least the first one per
    /// page. No CPU runs guest code and no device is at work meanwhile.
    /// </summary>
    /// <param name="blocks">The blocks, whole.</param>
    /// <param name="gate">Who is asked.</param>
    void Protect(IReadOnlyList<RamBlock> blocks, IWriteGate gate);

    /// <summary>The pages need no asking any more; for who protects them in the kernel. Any thread.</summary>
    void Unprotect(RamBlock block, RamOffset offset, ulong lengthBytes);

    /// <summary>Nobody is asked any more; calls that wait in the gate are let go by the gate itself, before this. Any thread, also after nothing was protected.</summary>
    void UnprotectAll();
}
