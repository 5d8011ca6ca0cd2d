namespace Godwit.Wire;

/// <summary>Takes the connections of an incoming migration.</summary>
public interface IChannelListener : IDisposable
{
    /// <summary>Where it listens, with the real port.</summary>
    MigrationAddress LocalAddress { get; }

    /// <summary>Every address it listens on: a name can stand for several.</summary>
    IReadOnlyList<MigrationAddress> LocalAddresses { get; }

    /// <summary>Waits for the next connection. A file is opened anew each time; a command or a descriptor gives one channel only.</summary>
    /// <param name="cancellationToken">Ends the wait, as <see cref="IDisposable.Dispose"/> does from another thread.</param>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    /// <exception cref="ChannelException">There is nothing (more) to accept.</exception>
    Channel Accept(CancellationToken cancellationToken = default);
}
