using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;

namespace Godwit.Testing;

/// <summary>
/// A plain, blocking QMP connection for tests: one line out, lines in. It shares no code with <c>Godwit.Qmp</c>, so that a mistake there
/// cannot hide itself.
/// </summary>
public sealed class QmpLink : IDisposable
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;
    private readonly List<JsonElement> _events = [];

    private QmpLink(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new StreamReader(_stream);
    }

    /// <summary>The greeting's <c>QMP</c> member.</summary>
    public JsonElement Greeting { get; private set; }

    /// <summary>Every event received so far, oldest first.</summary>
    public IReadOnlyList<JsonElement> Events => _events;

    /// <summary>Connects as soon as the socket is there, and negotiates.</summary>
    /// <param name="path">The monitor's UNIX socket.</param>
    /// <param name="stillThere">Says whether the process still lives, so that waiting ends early.</param>
    /// <param name="deadline">How long to wait.</param>
    public static QmpLink Connect(string path, Func<bool> stillThere, TimeSpan deadline)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                QmpLink link = new(socket);
                socket.ReceiveTimeout = 60_000;
                link.Greeting = link.ReadLine().GetProperty("QMP");
                link.Execute("qmp_capabilities");
                return link;
            }
            catch (SocketException) when (watch.Elapsed < deadline && stillThere())
            {
                socket.Dispose();
                Thread.Sleep(10);
            }
        }
    }

    /// <summary>Runs a command; its error becomes an exception.</summary>
    public JsonElement Execute(string command, object? arguments = null)
    {
        JsonElement reply = Request(command, arguments);
        return reply.TryGetProperty("return", out JsonElement value)
            ? value
            : throw new InvalidOperationException($"{command}: {reply.GetProperty("error").GetProperty("desc").GetString()}");
    }

    /// <summary>Runs a command that is expected to fail, and returns the error's text.</summary>
    public string ExecuteExpectingError(string command, object? arguments = null)
    {
        JsonElement reply = Request(command, arguments);
        return reply.TryGetProperty("error", out JsonElement error)
            ? error.GetProperty("desc").GetString()!
            : throw new InvalidOperationException($"{command} was expected to fail and returned {reply}");
    }

    /// <summary>Ends the process. The connection may close before the reply has come.</summary>
    public void Quit()
    {
        try
        {
            Execute("quit");
        }
        catch (IOException)
        {
            // Closed, as asked for.
        }
    }

    /// <summary>Runs a line of the human monitor.</summary>
    public string Human(string line) =>
        Execute("human-monitor-command", new Dictionary<string, object>(StringComparer.Ordinal) { ["command-line"] = line }).GetString()!;

    /// <summary>The present migration status, or <c>none</c>.</summary>
    public string MigrationStatus =>
        Execute("query-migrate").TryGetProperty("status", out JsonElement status) ? status.GetString()! : "none";

    /// <summary>The present run state.</summary>
    public string RunState => Execute("query-status").GetProperty("status").GetString()!;

    /// <summary>Sets migration capabilities on.</summary>
    public void EnableCapabilities(params string[] names) =>
        Execute("migrate-set-capabilities", new { capabilities = names.Select(name => new { capability = name, state = true }).ToArray() });

    /// <summary>Asks until <paramref name="condition"/> holds.</summary>
    public void WaitFor(string what, Func<QmpLink, bool> condition, TimeSpan? deadline = null)
    {
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan limit = deadline ?? TimeSpan.FromSeconds(60);
        while (!condition(this))
        {
            if (watch.Elapsed > limit)
                throw new TimeoutException($"waited {limit.TotalSeconds:F0} s for {what}; query-migrate: {Execute("query-migrate")}");
            Thread.Sleep(5);
        }
    }

    /// <summary>Waits until the migration ended in one of the given states; another final state is an error.</summary>
    public string WaitForMigrationEnd(string expected = "completed", TimeSpan? deadline = null)
    {
        string status = "none";
        WaitFor($"migration status {expected}", link => (status = link.MigrationStatus) is "completed" or "failed" or "cancelled", deadline);
        if (status != expected)
            throw new InvalidOperationException($"migration ended {status}, not {expected}: {Execute("query-migrate")}");
        return status;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _stream.Dispose();
        _socket.Dispose();
    }

    private JsonElement Request(string command, object? arguments)
    {
        object request = arguments is null ? new { execute = command } : new { execute = command, arguments };
        _stream.Write(JsonSerializer.SerializeToUtf8Bytes(request));
        _stream.Write("\n"u8);
        while (true)
        {
            JsonElement line = ReadLine();
            if (!line.TryGetProperty("event", out _))
                return line;
            _events.Add(line);
        }
    }

    private JsonElement ReadLine()
    {
        string line = _reader.ReadLine() ?? throw new EndOfStreamException("the monitor closed the connection");
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }
}
