namespace Godwit.Accel;

/// <summary>How a dirty log is read and re-armed. The numbers are the argument of KVM's capability 168.</summary>
public enum DirtyLogMode
{
    /// <summary>Reading the log clears and re-protects what it returns.</summary>
    GetClears = 0,

    /// <summary>Reading copies; <see cref="IDirtyLog.Clear"/> clears and re-protects.</summary>
    ManualProtect = 1,

    /// <summary>As <see cref="ManualProtect"/>, and all pages start as dirty and unprotected when logging is switched on.</summary>
    ManualProtectInitiallySet = 3,
}
