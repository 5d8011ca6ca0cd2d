using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>The QMP side of one VM: any number of monitors, one client at a time on each, one command table.</summary>
/// <remarks>
/// Commands of all monitors run one after the other; only out-of-band ones run beside them. Events may be emitted from any
/// thread and reach every client that has negotiated, in the order of the calls.
/// </remarks>
public sealed class QmpServer : IAsyncDisposable
{
    private const int Backlog = 4;

    /// <summary>How long to leave a listener alone that cannot accept, for instance because descriptors have run out.</summary>
    private static readonly TimeSpan _acceptPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly List<QmpSession> _sessions = [];
    private readonly List<Task> _monitors = [];
    private readonly List<Socket> _listeners = [];
    private readonly List<string> _paths = [];
    private readonly SemaphoreSlim _inBand = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeProvider _time;
    private bool _disposed;

    /// <summary>A server without monitors.</summary>
    /// <param name="commands">The commands after the negotiation.</param>
    /// <param name="version">What the greeting says.</param>
    /// <param name="time">Clock of the events' time stamps; null for the system's.</param>
    public QmpServer(IQmpCommandTable commands, QmpVersion version, TimeProvider? time = null)
    {
        Commands = commands;
        Version = version;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>The commands after the negotiation.</summary>
    public IQmpCommandTable Commands { get; }

    /// <summary>What the greeting says.</summary>
    public QmpVersion Version { get; }

    internal CancellationToken Stopping => _stopping.Token;

    /// <summary>Opens a monitor and serves it until the server is disposed.</summary>
    /// <param name="endpoint">Where and how.</param>
    /// <param name="cancellationToken">Ends the wait for the first client, if the endpoint asks for one.</param>
    /// <returns>The address it can be reached at, with the port that was chosen.</returns>
    /// <exception cref="QmpConnectionException">The address cannot be listened on.</exception>
    public async Task<QmpAddress> AddMonitorAsync(QmpEndpoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint.Address.Kind == QmpAddressKind.Stdio)
        {
            AddMonitor(await endpoint.Address.ConnectAsync(cancellationToken), endpoint.IsPretty);
            return endpoint.Address;
        }

        Socket listener = endpoint.Address.Listen(Backlog);
        QmpAddress address = endpoint.Address;
        if (listener.LocalEndPoint is System.Net.IPEndPoint bound)
            address = QmpAddress.Tcp(address.HostOrPath, bound.Port);
        var firstClient = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_disposed)
                listener.Dispose();
            ObjectDisposedException.ThrowIf(_disposed, this);
            _listeners.Add(listener);
            if (address.Kind == QmpAddressKind.Unix)
                _paths.Add(address.HostOrPath);
            _monitors.Add(Task.Run(() => AcceptAsync(listener, address, endpoint.IsPretty, firstClient), CancellationToken.None));
        }

        if (endpoint.WaitForClient)
            await firstClient.Task.WaitAsync(cancellationToken);
        return address;
    }

    /// <summary>Serves one client over a transport that is already connected.</summary>
    /// <param name="transport">The transport; the server owns it.</param>
    /// <param name="isPretty">True to print replies over many lines.</param>
    public void AddMonitor(QmpTransport transport, bool isPretty = false)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _monitors.Add(Task.Run(() => ServeAsync(transport, isPretty), CancellationToken.None));
        }
    }

    /// <summary>Sends an event to every client that has negotiated.</summary>
    /// <param name="name">Name of the event.</param>
    /// <param name="data">Its data, or null for none.</param>
    public void EmitEvent(string name, JsonObject? data = null)
    {
        DateTimeOffset now = _time.GetUtcNow();
        long microseconds = (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var value = new JsonObject
        {
            ["timestamp"] = new JsonObject { ["seconds"] = microseconds / 1_000_000, ["microseconds"] = microseconds % 1_000_000 },
            ["event"] = name,
        };
        if (data is not null)
            value["data"] = data;
        lock (_lock)
        {
            foreach (QmpSession session in _sessions)
                session.SendEvent(value);
        }
    }

    /// <summary>Runs something in the order of the in-band commands: never beside one of them.</summary>
    /// <param name="action">What to run.</param>
    /// <param name="cancellationToken">Ends the wait for its turn.</param>
    public async ValueTask<T> RunInBandAsync<T>(Func<ValueTask<T>> action, CancellationToken cancellationToken)
    {
        await _inBand.WaitAsync(cancellationToken);
        try
        {
            return await action();
        }
        finally
        {
            _inBand.Release();
        }
    }

    /// <summary>Sends what is queued, closes all connections and removes the sockets.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] monitors;
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
            monitors = [.. _monitors];
        }

        await _stopping.CancelAsync();
        foreach (Socket listener in _listeners)
            listener.Dispose();
        await Task.WhenAll(monitors);
        foreach (string path in _paths)
            File.Delete(path);
    }

    private async Task AcceptAsync(Socket listener, QmpAddress address, bool isPretty, TaskCompletionSource firstClient)
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync(_stopping.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                if (e is SocketException && !_stopping.IsCancellationRequested)
                {
                    await Task.Delay(_acceptPause, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    continue;
                }

                break;
            }

            firstClient.TrySetResult();
            await ServeAsync(new SocketQmpTransport(client, address.ToString()), isPretty);
        }

        firstClient.TrySetCanceled(_stopping.Token);
    }

    private async Task ServeAsync(QmpTransport transport, bool isPretty)
    {
        using var session = new QmpSession(this, transport, isPretty);
        lock (_lock)
            _sessions.Add(session);
        try
        {
            await session.RunAsync(_stopping.Token);
        }
        finally
        {
            lock (_lock)
                _sessions.Remove(session);
        }
    }
}
