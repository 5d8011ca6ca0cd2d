using Godwit.VmState;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Migration;

/// <summary>How a machine sends itself.</summary>
public sealed record OutgoingMigrationOptions
{
    /// <summary>Which release the destination is, unless the guest came from another or <c>x-peer-version</c> says so.</summary>
    public PeerProfile Profile { get; init; } = PeerProfile.Default;

    /// <summary>Send SWITCHOVER_START; null for what the profile does.</summary>
    public bool? SendSwitchoverStart { get; init; }

    /// <summary>Where time comes from.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where log lines go.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
