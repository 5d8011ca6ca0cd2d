using Godwit.Wire;

namespace Godwit.Migration;

/// <content>Loading a snapshot into a machine that has been running (<c>loadvm</c>).</content>
public sealed partial class IncomingMigration
{
    private volatile bool _loadsSnapshot;

    /// <summary>
    /// Loads a whole machine into this one, which the caller has stopped and reset. State and statistics of migrations are left alone.
    /// </summary>
    /// <param name="channel">The stream; closed at the end.</param>
    /// <exception cref="MigrationFailedException">The stream is refused, and the machine is half loaded.</exception>
    public void LoadSnapshot(Channel channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        try
        {
            _loadsSnapshot = true;
            var load = new LoadVmReader(new MigrationReader(channel), new LoadVmOptions
            {
                Registry = _host.Registry,
                MachineName = _host.MachineName,
                Uuid = _host.Uuid,
                Profile = Options.Profile,
                BigLock = _host.BigLock,
                Logger = Options.Logger,
            });
            load.Load();
            Volatile.Write(ref _sourceProfile, load.SourceProfile);
        }
        catch (Exception e)
        {
            throw new MigrationFailedException($"{Classify(e)}: {e.Message}{Advice(e)}", e);
        }
        finally
        {
            CleanUp();
            _loadsSnapshot = false;
            channel.Dispose();
        }
    }
}
