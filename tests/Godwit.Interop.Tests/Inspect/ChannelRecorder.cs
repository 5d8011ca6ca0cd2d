using System.Net.Sockets;

namespace Godwit.Interop.Tests;

/// <summary>Takes every connection of a migration and keeps its bytes; passes them on to a real destination if there is one.</summary>
internal sealed class ChannelRecorder : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("gw").FullName;
    private readonly Socket _listener;
    private readonly string? _target;
    private readonly Lock _lock = new();
    private readonly List<Recording> _recordings = [];
    private readonly Thread _acceptor;

    /// <summary>Listens; <paramref name="target"/> is the UNIX socket of a destination.</summary>
    public ChannelRecorder(string? target = null)
    {
        _target = target;
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_directory, "s")));
        _listener.Listen(16);
        _acceptor = new Thread(Accept) { IsBackground = true };
        _acceptor.Start();
    }

    public string Uri => "unix:" + Path.Combine(_directory, "s");

    /// <summary>What the destination answered, per connection.</summary>
    public IReadOnlyList<byte[]> Answers
    {
        get
        {
            lock (_lock)
                return [.. _recordings.Select(recording => recording.Backward.ToArray())];
        }
    }

    /// <summary>Waits until every connection has ended and gives what the source sent, per connection.</summary>
    public IReadOnlyList<byte[]> Finish()
    {
        lock (_lock)
        {
            foreach (Recording recording in _recordings)
            {
                foreach (Thread thread in recording.Threads)
                    Assert.True(thread.Join(_deadline), "a connection did not end");
            }

            return [.. _recordings.Select(recording => recording.Forward.ToArray())];
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _acceptor.Join(_deadline);
        foreach (Recording recording in _recordings)
            recording.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static void Copy(Socket from, Socket? to, MemoryStream record)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            for (int count; (count = from.Receive(buffer)) != 0;)
            {
                record.Write(buffer, 0, count);
                to?.Send(buffer.AsSpan(0, count));
            }

            to?.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // A side that has what it needs just closes.
        }
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket source = _listener.Accept();
                Socket? target = null;
                if (_target is not null)
                {
                    target = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    target.Connect(new UnixDomainSocketEndPoint(_target));
                }

                lock (_lock)
                    _recordings.Add(new Recording(source, target));
            }
        }
        catch (SocketException)
        {
            // Disposed of.
        }
        catch (ObjectDisposedException)
        {
            // Disposed of before the next wait.
        }
    }

    private sealed class Recording : IDisposable
    {
        private readonly Socket _source;
        private readonly Socket? _target;

        public Recording(Socket source, Socket? target)
        {
            _source = source;
            _target = target;
            Threads = target is null ? [Start(source, null, Forward)] : [Start(source, target, Forward), Start(target, source, Backward)];
        }

        public MemoryStream Forward { get; } = new();

        public MemoryStream Backward { get; } = new();

        public Thread[] Threads { get; }

        public void Dispose()
        {
            _source.Dispose();
            _target?.Dispose();
        }

        private static Thread Start(Socket from, Socket? to, MemoryStream record)
        {
            var thread = new Thread(() => Copy(from, to, record)) { IsBackground = true };
            thread.Start();
            return thread;
        }
    }
}
