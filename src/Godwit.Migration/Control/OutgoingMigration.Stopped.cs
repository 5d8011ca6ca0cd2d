using Godwit.Wire;

namespace Godwit.Migration;

/// <content>Saving a guest that stands still and stays here (<c>savevm</c>).</content>
public sealed partial class OutgoingMigration
{
    private volatile bool _savesSnapshot;

    /// <summary>Says why no snapshot can be saved now; null when one can.</summary>
    public string? WhyNoSnapshot
    {
        get
        {
            if (Status.IsRunning())
                return "There's a migration process in progress";
            return Settings.Capabilities.MultiFd ? "Snapshots are not compatible with multifd" : _host.Registry.BlockedReason;
        }
    }

    /// <summary>
    /// Writes the whole machine, which the caller has stopped, and returns when the channel has taken and finished all of it. The machine stays as it
    /// is. States and statistics are those of a migration that goes from setup to completed.
    /// </summary>
    /// <param name="target">Where it goes, for log lines.</param>
    /// <param name="channel">Where to; closed at the end.</param>
    /// <param name="before">The run state to tell whoever loads it.</param>
    /// <exception cref="MigrationRefusedException">See <see cref="WhyNoSnapshot"/>; nothing has happened.</exception>
    /// <exception cref="MigrationFailedException">It could not be written, or was cancelled.</exception>
    public void SaveSnapshot(string target, Channel channel, RunState before)
    {
        ArgumentNullException.ThrowIfNull(channel);
        lock (_commands)
        {
            try
            {
                if (WhyNoSnapshot is { } reason)
                    throw new MigrationRefusedException(reason);
                _savesSnapshot = true;
                Begin(target).SaveStopped(channel, before);
            }
            finally
            {
                _savesSnapshot = false;
                channel.Dispose();
            }
        }
    }
}
