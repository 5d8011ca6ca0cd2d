using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Godwit.Native;

namespace Godwit.Qmp;

/// <summary>Talks to one monitor of QEMU or Godwit: commands with ids, and the events as a stream.</summary>
/// <remarks>Thread-safe: commands may be in flight from several callers; replies find theirs by the id.</remarks>
public sealed class QmpClient : IAsyncDisposable
{
    private readonly QmpTransport _transport;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonNode?>> _pending = new();
    private readonly Channel<QmpEvent> _events;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<JsonObject> _greeting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<QmpConnectionException> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private long _lastId;

    private QmpClient(QmpTransport transport, QmpClientOptions options)
    {
        _transport = transport;
        _events = Channel.CreateBounded<QmpEvent>(
            new BoundedChannelOptions(options.MaximumEvents) { FullMode = BoundedChannelFullMode.DropOldest });
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>Where the server is.</summary>
    public string Description => _transport.Description;

    /// <summary>What the greeting said; null when it said nothing usable.</summary>
    public QmpVersion? ServerVersion { get; private set; }

    /// <summary>True when out-of-band execution was negotiated.</summary>
    public bool IsOutOfBandEnabled { get; private set; }

    /// <summary>Events in the order of arrival; completes when the connection ends.</summary>
    public ChannelReader<QmpEvent> Events => _events.Reader;

    /// <summary>Completes with the reason when the connection has ended.</summary>
    public Task<QmpConnectionException> Closed => _closed.Task;

    /// <summary>Connects, reads the greeting and negotiates.</summary>
    /// <param name="address">Where the server is.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="QmpConnectionException">No server there, or it does not speak QMP in time.</exception>
    public static async Task<QmpClient> ConnectAsync(
        QmpAddress address, QmpClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new QmpClientOptions();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ConnectTimeout);
        try
        {
            return await StartAsync(await address.ConnectAsync(limit.Token), options, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new QmpConnectionException(
                $"no greeting from {address} within {options.ConnectTimeout.TotalSeconds} s; is another client connected to it?", e);
        }
    }

    /// <summary>Reads the greeting and negotiates over a connected transport.</summary>
    /// <param name="transport">The transport; owned by the client, also when this fails.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<QmpClient> StartAsync(
        QmpTransport transport, QmpClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new QmpClientOptions();
        var client = new QmpClient(transport, options);
        try
        {
            JsonObject greeting = await client._greeting.Task.WaitAsync(cancellationToken);
            client.ServerVersion = QmpVersion.FromJson(greeting["version"]);
            bool offered = greeting["capabilities"] is JsonArray list && list.Any(c => c is JsonValue v && v.TryGetValue(out string? s) && s is "oob");
            bool enable = offered && options.EnableOutOfBand;
            await client.ExecuteAsync(
                "qmp_capabilities", enable ? new JsonObject { ["enable"] = new JsonArray("oob") } : null, cancellationToken: cancellationToken);
            client.IsOutOfBandEnabled = enable;
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command and waits for its reply.</summary>
    /// <param name="command">Name of the command.</param>
    /// <param name="arguments">Its arguments, or null for none.</param>
    /// <param name="outOfBand">True for <c>exec-oob</c>; only after it was negotiated.</param>
    /// <param name="descriptor">A descriptor to pass along (UNIX sockets only); stays the caller's.</param>
    /// <param name="cancellationToken">Gives up the wait; the server may still run the command.</param>
    /// <returns>The value of <c>return</c>.</returns>
    /// <exception cref="QmpException">The server sent an error.</exception>
    /// <exception cref="QmpConnectionException">The connection ended before the reply.</exception>
    public async Task<JsonNode?> ExecuteAsync(
        string command, JsonObject? arguments = null, bool outOfBand = false, FileDescriptor? descriptor = null, CancellationToken cancellationToken = default)
    {
        long id = Interlocked.Increment(ref _lastId);
        var reply = new TaskCompletionSource<JsonNode?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = reply;
        try
        {
            var request = new JsonObject { [outOfBand ? "exec-oob" : "execute"] = command };
            if (arguments is not null)
                request["arguments"] = arguments.DeepClone();
            request["id"] = id;
            if (_closed.Task.IsCompletedSuccessfully)
                throw await _closed.Task;
            await SendAsync(QmpJsonWriter.FormatLine(request), descriptor, cancellationToken);
            return await reply.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    /// <summary>Closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _reading;
        await _transport.DisposeAsync();
    }

    private async Task SendAsync(byte[] line, FileDescriptor? descriptor, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            // Half a request would make everything behind it unreadable: once begun, it is written to its end.
            if (descriptor is null)
                await _transport.WriteAsync(line, _stopping.Token);
            else
                await _transport.WriteAsync(line, descriptor, _stopping.Token);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ObjectDisposedException
            || (e is OperationCanceledException && _stopping.IsCancellationRequested))
        {
            throw new QmpConnectionException($"cannot send to {Description}: {e.Message}", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        string reason = $"{Description} closed the connection";
        Exception? cause = null;
        try
        {
            var reader = new QmpJsonReader();
            byte[] buffer = new byte[64 * 1024];
            int count;
            while ((count = await _transport.ReadAsync(buffer, _stopping.Token)) > 0)
                Take(reader, buffer.AsSpan(0, count));
        }
        catch (OperationCanceledException)
        {
            reason = $"the connection to {Description} was closed";
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            reason = $"the connection to {Description} failed: {e.Message}";
            cause = e;
        }

        var closed = new QmpConnectionException(reason, cause);
        _closed.TrySetResult(closed);
        _events.Writer.TryComplete();
        _greeting.TrySetException(closed);
        foreach (TaskCompletionSource<JsonNode?> reply in _pending.Values)
            reply.TrySetException(closed);
    }

    private void Take(QmpJsonReader reader, ReadOnlySpan<byte> bytes)
    {
        while (reader.TryRead(ref bytes, out QmpJsonInput input))
        {
            if (input.Value is not JsonObject message)
                throw new QmpConnectionException($"{Description} does not speak QMP: {input.Error ?? "a value that is not an object"}");
            if (message["QMP"] is JsonObject greeting)
                _greeting.TrySetResult(greeting);
            else if (message.ContainsKey("event"))
                TakeEvent(message);
            else
                TakeReply(message);
        }
    }

    private void TakeEvent(JsonObject message)
    {
        if (message["event"] is not JsonValue value || !value.TryGetValue(out string? name))
            return;
        DateTimeOffset? timestamp = null;
        if (message["timestamp"] is JsonObject t && t["seconds"].TryGetInteger(out Int128 seconds)
            && t["microseconds"].TryGetInteger(out Int128 microseconds) && seconds >= 0 && seconds < 253402300800 && microseconds >= 0 && microseconds < 1_000_000)
            timestamp = DateTimeOffset.FromUnixTimeSeconds((long)seconds).AddMicroseconds((double)microseconds);
        _events.Writer.TryWrite(new QmpEvent(name, message["data"] as JsonObject, timestamp));
    }

    private void TakeReply(JsonObject message)
    {
        if (!message["id"].TryGetInteger(out Int128 id) || !_pending.TryGetValue((long)id, out TaskCompletionSource<JsonNode?>? reply))
            return;
        if (message["error"] is not JsonObject error)
        {
            JsonNode? result = message["return"];
            message.Remove("return");
            reply.TrySetResult(result);
            return;
        }

        string description = error["desc"] is JsonValue d && d.TryGetValue(out string? text) ? text : "error without a description";
        bool known = Enum.TryParse(error["class"]?.ToString(), out QmpErrorClass errorClass) && Enum.IsDefined(errorClass);
        reply.TrySetException(new QmpException(known ? errorClass : QmpErrorClass.GenericError, description));
    }
}
