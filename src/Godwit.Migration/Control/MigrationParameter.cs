namespace Godwit.Migration;

/// <summary>The parameters of the control plane, in the order the human monitor lists them; names and ranges: <see cref="MigrationParameterTable"/>.</summary>
public enum MigrationParameter
{
    /// <summary>Milliseconds before the first self-announcement.</summary>
    AnnounceInitial = 0,

    /// <summary>Longest gap between announcements, milliseconds.</summary>
    AnnounceMax,

    /// <summary>Number of announcements.</summary>
    AnnounceRounds,

    /// <summary>Growth of the gap, milliseconds.</summary>
    AnnounceStep,

    /// <summary>Percent of dirtied to sent bytes that counts as not converging.</summary>
    ThrottleTriggerThreshold,

    /// <summary>First throttle step, percent.</summary>
    CpuThrottleInitial,

    /// <summary>Further throttle steps, percent.</summary>
    CpuThrottleIncrement,

    /// <summary>Smaller throttle steps near the end.</summary>
    CpuThrottleTailslow,

    /// <summary>Highest throttle, percent.</summary>
    MaxCpuThrottle,

    /// <summary>Id of the TLS credentials object; empty for none.</summary>
    TlsCreds,

    /// <summary>Expected server name.</summary>
    TlsHostname,

    /// <summary>Bytes per second; 0 is unlimited.</summary>
    MaxBandwidth,

    /// <summary>Bytes per second assumed in the switchover decision; 0 is to estimate.</summary>
    AvailSwitchoverBandwidth,

    /// <summary>Longest stop of the guest to aim for, milliseconds.</summary>
    DowntimeLimit,

    /// <summary>Milliseconds between checkpoints.</summary>
    XCheckpointDelay,

    /// <summary>Number of data channels besides the main one.</summary>
    MultifdChannels,

    /// <summary>Compression of data channels.</summary>
    MultifdCompression,

    /// <summary>Who looks for zero pages.</summary>
    ZeroPageDetection,

    /// <summary>Bytes of the page cache.</summary>
    XbzrleCacheSize,

    /// <summary>Bytes per second of background pages in postcopy; 0 is unlimited.</summary>
    MaxPostcopyBandwidth,

    /// <summary>Id of the authorisation object.</summary>
    TlsAuthz,

    /// <summary>Milliseconds of one period of the dirty limit.</summary>
    XVcpuDirtyLimitPeriod,

    /// <summary>Dirty limit, MB/s.</summary>
    VcpuDirtyLimit,

    /// <summary>Kind of migration.</summary>
    Mode,

    /// <summary>Bypass the page cache for files.</summary>
    DirectIo,

    /// <summary>zlib level of data channels.</summary>
    MultifdZlibLevel,

    /// <summary>zstd level of data channels.</summary>
    MultifdZstdLevel,

    /// <summary>QATzip level of data channels.</summary>
    MultifdQatzipLevel,

    /// <summary>Names of block nodes and dirty bitmaps.</summary>
    BlockBitmapMapping,

    /// <summary>Release of the destination, which decides the layout of the sections; not a parameter of QEMU.</summary>
    XPeerVersion,

    /// <summary>Seconds that a channel may stall; not a parameter of QEMU.</summary>
    XChannelTimeout,
}
