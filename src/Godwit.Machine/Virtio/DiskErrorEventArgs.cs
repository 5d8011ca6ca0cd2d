namespace Godwit.Machine;

/// <summary>A request of a disk that failed on the host.</summary>
/// <param name="deviceId">The device's id on the command line, or null.</param>
/// <param name="driveId">The drive's id, or empty.</param>
/// <param name="isWrite">Whether it was a write; flushes and discards are.</param>
/// <param name="action">What was done: one of <see cref="DiskErrorAction.Report"/>, <see cref="DiskErrorAction.Ignore"/>, <see cref="DiskErrorAction.Stop"/>.</param>
/// <param name="isNoSpace">Whether the host had no room; null when the device's policies do not make that difference.</param>
/// <param name="reason">The host's text for its error.</param>
public sealed class DiskErrorEventArgs(string? deviceId, string driveId, bool isWrite, DiskErrorAction action, bool? isNoSpace, string reason) : EventArgs
{
    /// <summary>The device's id on the command line, or null.</summary>
    public string? DeviceId => deviceId;

    /// <summary>The drive's id, or empty.</summary>
    public string DriveId => driveId;

    /// <summary>Whether it was a write; flushes and discards are.</summary>
    public bool IsWrite => isWrite;

    /// <summary>What was done: never <see cref="DiskErrorAction.StopOnNoSpace"/>.</summary>
    public DiskErrorAction Action => action;

    /// <summary>Whether the host had no room; null when the device's policies do not make that difference.</summary>
    public bool? IsNoSpace => isNoSpace;

    /// <summary>The host's text for its error.</summary>
    public string Reason => reason;
}
