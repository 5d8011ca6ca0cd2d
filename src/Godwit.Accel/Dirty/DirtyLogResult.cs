namespace Godwit.Accel;

/// <summary>Outcome of a dirty log operation. The numbers are Linux errno values, as <c>/dev/kvm</c> answers them.</summary>
public enum DirtyLogResult
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>ENOENT: no such slot, or logging is off for it.</summary>
    NoLog = 2,

    /// <summary>EINVAL: slot number out of range, or a range that breaks the 64-page rules.</summary>
    InvalidArgument = 22,
}
