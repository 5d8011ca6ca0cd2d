using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>What the RAM section needs to know of the migration that it is part of; implemented by the migration's control.</summary>
public interface IRamMigrationContext : IRunningGuest
{
    /// <summary>The switched-on capabilities; read at setup.</summary>
    MigrationCapabilities Capabilities { get; }

    /// <summary>The parameters; read at setup.</summary>
    MigrationParameters Parameters { get; }

    /// <summary>Where pages and bytes are counted.</summary>
    MigrationStatistics Statistics { get; }

    /// <summary>The budget of the running migration, or null for none.</summary>
    RateLimiter? Limiter { get; }

    /// <summary>Which release the destination is.</summary>
    PeerProfile Profile => PeerProfile.Default;

    /// <summary>The open data channels by number, their init messages sent; empty without multifd.</summary>
    IReadOnlyList<Channel> DataChannels => [];

    /// <summary>Whether data channels are brought into step at the end of each section, and not of each round.</summary>
    bool MultiFdSyncsEachSection => !Profile.HasMultiFdFlushRecord;

    /// <summary>Told after each dirty sync, with the number of syncs so far: the value of the MIGRATION_PASS event.</summary>
    void DirtySyncDone(long syncCount);

    /// <summary>The migration must end: its RAM changed in a way that cannot be followed. Any thread; returns at once.</summary>
    void RamChanged(string reason);

    /// <summary>The migration is to be cancelled: a block has another length now. Any thread; returns at once.</summary>
    void RamResized(string reason) => RamChanged(reason);

    /// <summary>The migration must end: a data channel failed. Any thread; returns at once.</summary>
    void ChannelFailed(Exception cause) => RamChanged(cause.Message);
}
