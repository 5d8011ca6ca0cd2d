using Godwit.Wire;

namespace Godwit.Migration;

/// <content>Starting by address.</content>
public sealed partial class OutgoingMigration
{
    /// <summary>Starts a migration; the outcome is seen in <see cref="Status"/> and the events.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="fds">The monitor's descriptors, for <c>fd:</c>.</param>
    /// <param name="resume">Go on with a migration that was paused.</param>
    /// <exception cref="MigrationRefusedException">
    /// The machine cannot be migrated there or now, without any effect; or a file, descriptor or command could not be opened,
    /// after which the state is failed. Connections are made in the background and fail by the state alone.
    /// </exception>
    public void Start(MigrationAddress address, IFdResolver? fds = null, bool resume = false)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (TransportRules.Check(address, Settings.Capabilities) is { } refusal)
            throw new MigrationRefusedException(refusal);
        if (resume)
            throw new MigrationRefusedException("Cannot resume if there is no paused migration"); // only postcopy is paused
        lock (_commands)
        {
            CheckAllowed();
            var attempt = Begin(address.ToUri());
            if (address is TcpAddress or UnixAddress)
            {
                attempt.Start(token => ChannelFactory.Connect(address, fds, token), token => ChannelFactory.Connect(address, fds, token));
                return;
            }

            Channel channel;
            var more = new Queue<Channel>();
            try
            {
                channel = ChannelFactory.Connect(address, fds);
            }
            catch (MigrationException e)
            {
                attempt.EndBeforeStart(e);
                throw new MigrationRefusedException(e.Message, e);
            }

            try
            {
                OpenMore(address, fds, channel, more);
            }
            catch (MigrationException e)
            {
                channel.Dispose();
                foreach (var opened in more)
                    opened.Dispose();
                attempt.EndBeforeStart(e);
                throw new MigrationRefusedException(e.Message, e);
            }

            attempt.Start(_ => channel, _ => more.Dequeue());
        }
    }

    /// <summary>Opens a file once more for each data channel, so that what goes wrong is told to who asked.</summary>
    private void OpenMore(MigrationAddress address, IFdResolver? fds, Channel main, Queue<Channel> more)
    {
        if (!Settings.Capabilities.MultiFd || address is not FileAddress file)
            return;
        var direct = Settings.Parameters[MigrationParameter.DirectIo].Flag;
        for (var i = 0; i < Settings.Parameters.MultifdChannels; i++)
            more.Enqueue(ChannelFactory.OpenAdditional(file, fds, forWriting: true, direct, main));
    }
}
