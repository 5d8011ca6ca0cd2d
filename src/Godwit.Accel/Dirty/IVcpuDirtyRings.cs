namespace Godwit.Accel;

/// <summary>Which CPU dirtied how many pages, and a rest for a CPU each time it has dirtied a ring of them.</summary>
/// <remarks>
/// The shape is that of <c>/dev/kvm</c>'s dirty ring: a CPU that has filled its ring leaves guest code until the ring is emptied, and may be
/// kept out for a while. A page counts for the CPU that wrote it first since its log was cleared. Any thread. docs/formats/dirty-log.md,
/// "Rings".
/// </remarks>
public interface IVcpuDirtyRings
{
    /// <summary>Gets the pages that fill a ring.</summary>
    int RingPages { get; }

    /// <summary>Gets the number of CPUs.</summary>
    int Count { get; }

    /// <summary>Says how many pages a CPU has dirtied so far. Only grows, and only while the dirty log is on.</summary>
    /// <param name="cpu">Number of the CPU, from 0.</param>
    long DirtiedPages(int cpu);

    /// <summary>Sets how long a CPU stays out of guest code each time its ring is full.</summary>
    /// <param name="cpu">Number of the CPU, from 0.</param>
    /// <param name="rest">Zero to go on at once. Stopping the accelerator ends a rest.</param>
    void SetRest(int cpu, TimeSpan rest);
}
