using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Godwit.Qmp;

/// <summary>One client on one monitor, from greeting to disconnect.</summary>
/// <remarks>
/// Without <c>oob</c> a request is handled before the next byte is read. With it, up to <see cref="QueueLength"/> requests wait
/// while reading goes on, and <c>exec-oob</c> requests are handled as soon as they have been read.
/// </remarks>
internal sealed class QmpSession : IDisposable
{
    private const int QueueLength = 8;
    private const int ReadBytes = 64 * 1024;

    private readonly QmpServer _server;
    private readonly QmpTransport _transport;
    private readonly bool _isPretty;
    private readonly QmpOutput _output = new();
    private readonly QmpNamedFiles _files = new();
    private readonly QmpCommand _negotiate;
    private readonly Channel<QmpRequest> _queue = Channel.CreateBounded<QmpRequest>(
        new BoundedChannelOptions(QueueLength) { SingleReader = true, SingleWriter = true });

    private readonly CancellationTokenSource _ended = new();
    private volatile bool _isNegotiated;
    private volatile bool _outOfBand;

    public QmpSession(QmpServer server, QmpTransport transport, bool isPretty)
    {
        _server = server;
        _transport = transport;
        _isPretty = isPretty;
        _negotiate = new QmpCommand(
            "qmp_capabilities",
            [new QmpMember("enable", QmpType.List(QmpType.Enumeration("QMPCapability", "oob")), IsOptional: true)],
            Negotiate);
    }

    /// <summary>Runs until the client is gone or the server stops; never throws.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(stopping, _ended.Token);
        Task writing = WriteOutAsync();
        Task dispatching = DispatchQueueAsync(linked.Token);
        try
        {
            Send(new JsonObject
            {
                ["QMP"] = new JsonObject { ["version"] = _server.Version.ToJson(), ["capabilities"] = new JsonArray("oob") },
            });
            await ReadRequestsAsync(linked.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // The client is gone or the server stops; both end the session and nothing else.
        }

        _isNegotiated = false;
        _queue.Writer.TryComplete();
        if (!stopping.IsCancellationRequested)
            await _ended.CancelAsync();
        await dispatching;
        _output.Complete();
        await writing;
        await _transport.DisposeAsync();
    }

    public void Dispose()
    {
        _files.Dispose();
        _ended.Dispose();
    }

    /// <summary>Delivers an event line if the client has negotiated.</summary>
    public void SendEvent(JsonObject value)
    {
        if (_isNegotiated)
            Send(value);
    }

    private async Task WriteOutAsync()
    {
        // What is queued when the server stops still goes out, but a client that does not read cannot hold up the end.
        try
        {
            using CancellationTokenSource deadline = new();
            using CancellationTokenRegistration registration = _ended.Token.Register(() => deadline.CancelAfter(TimeSpan.FromSeconds(1)));
            using CancellationTokenRegistration stopping = _server.Stopping.Register(() => deadline.CancelAfter(TimeSpan.FromSeconds(1)));
            await _output.RunAsync(_transport, deadline.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            await _ended.CancelAsync();
        }
    }

    private async Task ReadRequestsAsync(CancellationToken cancellationToken)
    {
        var reader = new QmpJsonReader();
        byte[] buffer = new byte[ReadBytes];
        int count;
        while ((count = await _transport.ReadAsync(buffer, cancellationToken)) > 0)
        {
            ReadOnlyMemory<byte> rest = buffer.AsMemory(0, count);
            while (TryRead(reader, ref rest, out QmpRequest request))
            {
                await _output.WaitForRoomAsync(cancellationToken);
                if (request.IsOutOfBand && request.Error is null)
                    await DispatchAsync(request, cancellationToken);
                else if (_outOfBand)
                    await _queue.Writer.WriteAsync(request, cancellationToken);
                else
                    await DispatchAsync(request, cancellationToken);
            }
        }
    }

    private bool TryRead(QmpJsonReader reader, ref ReadOnlyMemory<byte> rest, out QmpRequest request)
    {
        ReadOnlySpan<byte> span = rest.Span;
        bool found = reader.TryRead(ref span, out QmpJsonInput input);
        rest = rest[^span.Length..];
        request = !found ? default
            : input.IsError ? QmpRequest.Failed(input.Error!)
            : QmpRequest.Parse(input.Value, _outOfBand);
        return found;
    }

    private async Task DispatchQueueAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (QmpRequest request in _queue.Reader.ReadAllAsync(cancellationToken))
                await DispatchAsync(request, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Requests that were not yet handled are dropped with the connection.
        }
    }

    private async ValueTask DispatchAsync(QmpRequest request, CancellationToken cancellationToken)
    {
        var reply = new JsonObject();
        try
        {
            JsonNode? result = await ExecuteAsync(request, cancellationToken);
            reply["return"] = result ?? new JsonObject();
            AddId(reply, request);
        }
        catch (QmpException e)
        {
            AddId(reply, request);
            reply["error"] = Error(e.Class, e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A fault in one command must not take the monitor, and with it the way to the guest, from its user.
            AddId(reply, request);
            reply["error"] = Error(QmpErrorClass.GenericError, e.Message);
        }

        Send(reply);
    }

    private static JsonObject Error(QmpErrorClass kind, string text) => new() { ["class"] = kind.ToString(), ["desc"] = text };

    private static void AddId(JsonObject reply, QmpRequest request)
    {
        if (request.HasId)
            reply["id"] = request.Id?.DeepClone();
    }

    private async ValueTask<JsonNode?> ExecuteAsync(QmpRequest request, CancellationToken cancellationToken)
    {
        if (request.Error is not null)
            throw request.Error;
        QmpCommand command = Find(request);
        var context = new QmpCommandContext(_files, _transport, request.IsOutOfBand);
        if (request.IsOutOfBand || command == _negotiate)
            return await command.ExecuteAsync(context, request.Arguments, cancellationToken);
        return await _server.RunInBandAsync(() => command.ExecuteAsync(context, request.Arguments, cancellationToken), cancellationToken);
    }

    private bool IsNegotiation(string name) => string.Equals(name, _negotiate.Name, StringComparison.Ordinal);

    private QmpCommand Find(QmpRequest request)
    {
        string name = request.Command!;
        if (!_isNegotiated)
        {
            return IsNegotiation(name) ? _negotiate : throw new QmpException(
                QmpErrorClass.CommandNotFound, "Expecting capabilities negotiation with 'qmp_capabilities'");
        }

        if (IsNegotiation(name))
        {
            throw new QmpException(
                QmpErrorClass.CommandNotFound, "Capabilities negotiation is already complete, command ignored");
        }

        if (!_server.Commands.TryFind(name, out QmpCommand? command))
            throw new QmpException(QmpErrorClass.CommandNotFound, $"The command {name} has not been found");
        if (request.IsOutOfBand && !command.AllowsOutOfBand)
            throw new QmpException($"The command {name} does not support OOB");
        return command;
    }

    private ValueTask<JsonNode?> Negotiate(QmpCommandContext context, QmpArguments arguments, CancellationToken cancellationToken)
    {
        _outOfBand = arguments.Has("enable") && arguments.GetList("enable").Count > 0;
        _isNegotiated = true;
        return ValueTask.FromResult<JsonNode?>(null);
    }

    private void Send(JsonObject value)
    {
        // The end is not brought about on this thread: whoever emits an event may hold locks, and the list of sessions is being walked.
        if (!_output.TryEnqueue(QmpJsonWriter.FormatLine(value, _isPretty)))
            _ = _ended.CancelAsync();
    }
}
