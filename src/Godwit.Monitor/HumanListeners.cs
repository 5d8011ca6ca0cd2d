using System.Net.Sockets;
using Godwit.Qmp;

namespace Godwit.Monitor;

/// <summary>The places where human monitors are served, one client at a time on each.</summary>
internal sealed class HumanListeners(Func<QmpTransport, CancellationToken, Task> serve) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _tasks = [];
    private readonly List<Socket> _listeners = [];
    private readonly List<string> _paths = [];

    public async Task AddAsync(QmpEndpoint endpoint, CancellationToken cancellationToken)
    {
        if (endpoint.Address.Kind == QmpAddressKind.Stdio)
        {
            QmpTransport transport = await endpoint.Address.ConnectAsync(cancellationToken);
            _tasks.Add(Task.Run(() => ServeAsync(transport), CancellationToken.None));
            return;
        }

        Socket listener = endpoint.Address.Listen(backlog: 4);
        _listeners.Add(listener);
        if (endpoint.Address.Kind == QmpAddressKind.Unix)
            _paths.Add(endpoint.Address.HostOrPath);
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _tasks.Add(Task.Run(() => AcceptAsync(listener, endpoint.Address.ToString(), first), CancellationToken.None));
        if (endpoint.WaitForClient)
            await first.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (Socket listener in _listeners)
            listener.Dispose();

        // A read of standard input cannot be ended from here; the process ends it.
        await Task.WhenAny(Task.WhenAll(_tasks), Task.Delay(TimeSpan.FromMilliseconds(500)));
        foreach (string path in _paths)
            File.Delete(path);
    }

    private async Task AcceptAsync(Socket listener, string description, TaskCompletionSource first)
    {
        try
        {
            while (true)
            {
                Socket client = await listener.AcceptAsync(_stopping.Token);
                first.TrySetResult();
                await ServeAsync(new SocketQmpTransport(client, description));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The monitor is closing.
        }
    }

    private async Task ServeAsync(QmpTransport transport)
    {
        try
        {
            await serve(transport, _stopping.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // The client is gone, or the monitor closes.
        }

        await transport.DisposeAsync();
    }
}
