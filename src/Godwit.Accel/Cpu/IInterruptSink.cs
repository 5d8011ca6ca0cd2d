namespace Godwit.Accel;

/// <summary>Where a board's interrupt controllers deliver: one virtual CPU.</summary>
public interface IInterruptSink
{
    /// <summary>Gets the number of the virtual CPU, from 0.</summary>
    int Index { get; }

    /// <summary>Sets the level of an interrupt input.</summary>
    /// <param name="line">The input.</param>
    /// <param name="level"><see langword="true"/> while the interrupt is asserted.</param>
    /// <remarks>Callable from any thread, with or without the big lock. A running CPU notices within microseconds; a waiting one wakes up.</remarks>
    void SetInterruptLine(InterruptLine line, bool level);
}
