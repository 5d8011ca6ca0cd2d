namespace Godwit.Accel;

/// <summary>A virtual CPU that can be made to rest.</summary>
public interface IPausableCpu
{
    /// <summary>
    /// Makes the CPU leave guest code and rest there; one that waits for an interrupt rests as well before it goes on. Does nothing while
    /// an earlier rest has not ended. Stopping the accelerator ends the rest.
    /// </summary>
    /// <param name="duration">How long.</param>
    void Rest(TimeSpan duration);
}
