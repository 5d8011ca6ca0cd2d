using Godwit.Memory;

namespace Godwit.Accel;

/// <summary>What runs the virtual CPUs of one machine: the software CPU, or <c>/dev/kvm</c>.</summary>
public interface IAccelerator : IDisposable
{
    /// <summary>Gets the short name: <c>riscv</c> or <c>kvm</c>.</summary>
    string Name { get; }

    /// <summary>Gets the virtual CPUs, by index.</summary>
    IReadOnlyList<IVirtualCpu> Cpus { get; }

    /// <summary>Gets the dirty log of guest stores.</summary>
    IDirtyLog DirtyLog { get; }

    /// <summary>Gets what has somebody asked before the CPUs change a page, so that memory can be saved as it was at one instant.</summary>
    IWriteProtection WriteProtection { get; }

    /// <summary>Gets how many pages harvests of <see cref="DirtyLog"/> have found written; a page counts again when its log was cleared in between.</summary>
    long HarvestedPages { get; }

    /// <summary>Gets what counts dirtied pages per CPU; null where the accelerator has no such thing.</summary>
    IVcpuDirtyRings? DirtyRings { get; }

    /// <summary>Gets what slows the CPUs down when a migration does not converge.</summary>
    IVcpuThrottle Throttle { get; }

    /// <summary>Gets a value indicating whether the CPUs may run guest code.</summary>
    bool IsRunning { get; }

    /// <summary>Lets every virtual CPU run. Does nothing when they run already.</summary>
    /// <exception cref="ObjectDisposedException">The accelerator was disposed.</exception>
    void Start();

    /// <summary>
    /// Stops the virtual CPUs and returns when each of them is out of guest code, between two instructions,
    /// with its whole state in its registers. Does nothing when they are stopped.
    /// </summary>
    /// <remarks>
    /// May be called with or without the big lock: a CPU that waits for the lock to reach a device gives the instruction up and
    /// repeats it after the next <see cref="Start"/>. Called on a CPU's own thread (from a device callback), it does not wait for that
    /// CPU, which stops after its current instruction.
    /// </remarks>
    void Stop();
}
