namespace Godwit.Accel;

/// <summary>One virtual CPU of a running machine.</summary>
/// <remarks>
/// Registers may be read or changed only while the accelerator is stopped; <see cref="Kick"/> and
/// <see cref="IInterruptSink.SetInterruptLine"/> may be called at any time.
/// </remarks>
public interface IVirtualCpu : IInterruptSink
{
    /// <summary>Gets a value indicating whether the CPU waits for an interrupt.</summary>
    bool IsHalted { get; }

    /// <summary>Gets the kernel's number of the thread that runs the CPU.</summary>
    int ThreadId { get; }

    /// <summary>Gets or sets the address of the next instruction. Exact while stopped.</summary>
    ulong ProgramCounter { get; set; }

    /// <summary>Makes the CPU leave guest code once and look at what others want from it.</summary>
    void Kick();

    /// <summary>Puts the CPU into its reset state. The accelerator must be stopped.</summary>
    void Reset();

    /// <summary>Writes all registers as text, one group per line, for <c>info registers</c>.</summary>
    /// <returns>The text, lines ended by <c>\n</c>.</returns>
    string DumpRegisters();
}
