namespace Godwit.Accel;

/// <summary>A one-shot timer on a <see cref="VirtualClock"/>. Made by <see cref="VirtualClock.CreateTimer"/>.</summary>
/// <remarks>Arm, disarm and read under the big lock; the callback runs on the clock's thread under the big lock.</remarks>
public sealed class VirtualTimer
{
    private readonly VirtualClock _clock;

    internal VirtualTimer(VirtualClock clock, Action callback)
    {
        _clock = clock;
        Callback = callback;
    }

    /// <summary>Gets the virtual time at which the callback will run, in nanoseconds; <see langword="null"/> when not armed.</summary>
    public long? ExpiresAtNanoseconds => _clock.ReadExpiry(this);

    /// <summary>Gets or sets the expiry as the clock's thread sees it; guarded by the clock's lock.</summary>
    internal long? Expiry { get; set; }

    internal Action Callback { get; }

    /// <summary>Arms the timer, or moves it when it is armed.</summary>
    /// <param name="expiresAtNanoseconds">Absolute virtual time in nanoseconds. A time that has passed fires at once.</param>
    public void Arm(long expiresAtNanoseconds) => _clock.SetExpiry(this, expiresAtNanoseconds);

    /// <summary>Disarms the timer. When the caller holds the big lock the callback will not run after this returns.</summary>
    public void Disarm() => _clock.SetExpiry(this, expiresAtNanoseconds: null);
}
