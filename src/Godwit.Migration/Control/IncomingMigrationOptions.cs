using Godwit.VmState;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Migration;

/// <summary>How a machine receives itself.</summary>
public sealed record IncomingMigrationOptions
{
    /// <summary>Which release this side presents itself as.</summary>
    public PeerProfile Profile { get; init; } = PeerProfile.Default;

    /// <summary>How long the connection is kept after the last message, so that the source can read it and close first.</summary>
    public TimeSpan LingerTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where log lines go.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
