using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Native;

namespace Godwit.Qmp.Tests;

public sealed class QmpServerTests : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-qmp-").FullName;
    private readonly TaskCompletionSource _blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly QmpServer _server;
    private int _next;

    public QmpServerTests()
    {
        var commands = new QmpCommandTable();
        commands.Add(new QmpCommand("query-status", [], (_, _, _) => Result(new JsonObject { ["status"] = "running", ["running"] = true })));
        commands.Add(new QmpCommand("block", [], async (_, _, cancellationToken) =>
        {
            _entered.TrySetResult();
            await _blocked.Task.WaitAsync(cancellationToken);
            return null;
        }));
        commands.Add(new QmpCommand("getfd", [], (context, _, _) =>
        {
            FileDescriptor descriptor = context.TakeDescriptor() ?? throw new QmpException("No file descriptor supplied via SCM_RIGHTS");
            context.Files.Put("a", descriptor);
            return Result(null);
        }));
        commands.Add(new QmpCommand("write", [], async (context, _, cancellationToken) =>
        {
            using FileDescriptor? descriptor = context.Files.Take("a");
            JsonNode count = JsonValue.Create(descriptor?.Write("passed"u8) ?? -1);
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            return count;
        }));
        commands.Add(new QmpCommand("yank", [], (_, _, _) => Result(new JsonObject { ["oob"] = true }), allowsOutOfBand: true));
        commands.Add(new QmpCommand("count", [], (_, _, _) => Result(JsonValue.Create(_next++))));
        commands.Add(new QmpCommand(
            "set",
            [
                new QmpMember("capabilities", QmpType.List(QmpType.Structure(
                    "C", new QmpMember("capability", QmpType.Enumeration("E", "events", "xbzrle")), new QmpMember("state", QmpType.Boolean))), true),
                new QmpMember("max-bandwidth", QmpType.Size, true),
                new QmpMember("multifd-channels", QmpType.Unsigned8, true),
                new QmpMember("calc-time", QmpType.Signed64, true),
                new QmpMember("tls-creds", QmpType.StringOrNull, true),
            ],
            (_, arguments, _) => Result(JsonValue.Create(arguments.GetUInt64("max-bandwidth")))));
        _server = new QmpServer(commands, new QmpVersion(10, 0, 2, "godwit"));
    }

    [Fact]
    public async Task Connect_AnyClient_GetsTheGreetingInOneLine()
    {
        using Peer peer = await ConnectAsync();
        Assert.Equal(
            """{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": "godwit"}, "capabilities": ["oob"]}}""",
            await peer.LineAsync());
    }

    // Captured: the negotiation.
    [Fact]
    public async Task Negotiation_CapturedExchange_IsTheSame()
    {
        using Peer peer = await ConnectAsync();
        await peer.LineAsync();
        await peer.ExpectAsync(
            """{"execute":"query-status","id":7}""",
            """{"id": 7, "error": {"class": "CommandNotFound", "desc": "Expecting capabilities negotiation with 'qmp_capabilities'"}}""");
        await peer.ExpectAsync(
            """{"execute":"qmp_capabilities","arguments":{"enable":["nope"]}}""",
            """{"error": {"class": "GenericError", "desc": "Parameter 'null' does not accept value 'nope'"}}""");
        await peer.ExpectAsync(
            """{"execute":"qmp_capabilities","arguments":{"bogus":1}}""",
            """{"error": {"class": "GenericError", "desc": "Parameter 'bogus' is unexpected"}}""");
        await peer.ExpectAsync(
            """{"execute":"qmp_capabilities","arguments":{"enable":"x"}}""",
            """{"error": {"class": "GenericError", "desc": "Invalid parameter type for 'enable', expected: array"}}""");
        await peer.ExpectAsync(
            """{"execute":"qmp_capabilities","arguments":{"enable":["oob"]},"id":"x"}""", """{"return": {}, "id": "x"}""");
        await peer.ExpectAsync(
            """{"execute":"qmp_capabilities","id":"y"}""",
            """{"id": "y", "error": {"class": "CommandNotFound", "desc": "Capabilities negotiation is already complete, command ignored"}}""");
    }

    [Theory]
    [InlineData("[]", "GenericError", "QMP input must be a JSON object")]
    [InlineData("null\n", "GenericError", "QMP input must be a JSON object")]
    [InlineData("{\"execute\":1}", "GenericError", "QMP input member 'execute' must be a string")]
    [InlineData("{\"execute\":\"stop\",\"exec-oob\":\"x\"}", "GenericError", "QMP input member 'exec-oob' is unexpected")]
    [InlineData("{\"execute\":\"stop\",\"arguments\":[]}", "GenericError", "QMP input member 'arguments' must be an object")]
    [InlineData("{\"foo\":1,\"execute\":\"stop\"}", "GenericError", "QMP input member 'foo' is unexpected")]
    [InlineData("{}", "GenericError", "QMP input lacks member 'execute'")]
    [InlineData("{\"execute\":\"nope\"}", "CommandNotFound", "The command nope has not been found")]
    [InlineData("{\"execute\":\"query-status\",\"arguments\":{\"x\":1}}", "GenericError", "Parameter 'x' is unexpected")]
    [InlineData("{\"execute\":\"set\",\"arguments\":{\"capabilities\":[{\"capability\":\"events\"}]}}", "GenericError", "Parameter 'capabilities[0].state' is missing")]
    [InlineData("{\"execute\":\"set\",\"arguments\":{\"capabilities\":[{\"capability\":\"events\",\"state\":1}]}}", "GenericError", "Invalid parameter type for 'capabilities[0].state', expected: boolean")]
    [InlineData("{\"execute\":\"set\",\"arguments\":{\"capabilities\":[5]}}", "GenericError", "Invalid parameter type for 'capabilities[0]', expected: object")]
    [InlineData("{\"execute\":\"set\",\"arguments\":{\"capabilities\":[{\"capability\":\"events\",\"state\":true,\"z\":1}]}}", "GenericError", "Parameter 'capabilities[0].z' is unexpected")]
    [InlineData("{\"execute\":\"set\",\"arguments\":{\"capabilities\":[{\"capability\":\"bogus\",\"state\":true}]}}", "GenericError", "Parameter 'capability' does not accept value 'bogus'")]
    [InlineData("{\"execute\":\"set\",\"arguments\":{\"max-bandwidth\":1.5}}", "GenericError", "Parameter 'max-bandwidth' expects uint64")]
    [InlineData("{\"execute\":\"set\",\"arguments\":{\"max-bandwidth\":\"1G\"}}", "GenericError", "Parameter 'max-bandwidth' expects uint64")]
    [InlineData("{\"execute\":\"set\",\"arguments\":{\"multifd-channels\":-1}}", "GenericError", "Parameter 'multifd-channels' expects uint8_t")]
    [InlineData("{\"execute\":\"set\",\"arguments\":{\"multifd-channels\":256}}", "GenericError", "Parameter 'multifd-channels' expects uint8_t")]
    [InlineData("{\"execute\":\"set\",\"arguments\":{\"calc-time\":\"x\"}}", "GenericError", "Invalid parameter type for 'calc-time', expected: integer")]
    [InlineData("{\"execute\":\"set\",\"arguments\":{\"tls-creds\":5}}", "GenericError", "Invalid parameter type for 'tls-creds', expected: StrOrNull")]
    public async Task Request_Wrong_IsRefusedWithTheTextOfQemu(string request, string errorClass, string description)
    {
        using Peer peer = await NegotiatedAsync();
        await peer.SendAsync(request);
        JsonNode error = JsonNode.Parse(await peer.LineAsync())!["error"]!;
        Assert.Equal(errorClass, error["class"]!.GetValue<string>());
        Assert.Equal(description, error["desc"]!.GetValue<string>());
    }

    [Fact]
    public async Task Request_NegativeSize_Wraps()
    {
        using Peer peer = await NegotiatedAsync();
        await peer.ExpectAsync("""{"execute":"set","arguments":{"max-bandwidth":-1}}""", """{"return": 18446744073709551615}""");
    }

    [Theory]
    [InlineData("{\"a\":[1.5,1e3,-0,-0.0,1e20]}", "{\"a\": [1.5, 1000, 0, -0, 1e+20]}")]
    [InlineData("null", "null")]
    [InlineData("\"\\u0000\"", "\"\\u0000\"")]
    public async Task Request_AnyId_IsEchoed(string id, string echoed)
    {
        using Peer peer = await NegotiatedAsync();
        await peer.ExpectAsync("{\"execute\":\"count\",\"id\":" + id + "}", "{\"return\": 0, \"id\": " + echoed + "}");
    }

    [Fact]
    public async Task Request_SplitOverPacketsAndWithoutSeparators_AreTwoRequests()
    {
        using Peer peer = await NegotiatedAsync();
        await peer.SendAsync("{\"execute\":");
        await peer.SendAsync("'count'}{\"execute\":\"count\"}");
        Assert.Equal("{\"return\": 0}", await peer.LineAsync());
        Assert.Equal("{\"return\": 1}", await peer.LineAsync());
    }

    [Fact]
    public async Task OutOfBand_WhileACommandRuns_IsAnsweredFirst()
    {
        using Peer peer = await NegotiatedAsync("oob");
        await peer.SendAsync("""{"execute":"block","id":1}""");
        await _entered.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await peer.ExpectAsync("""{"exec-oob":"yank","id":2}""", """{"return": {"oob": true}, "id": 2}""");
        await peer.ExpectAsync(
            """{"exec-oob":"query-status","id":3}""",
            """{"id": 3, "error": {"class": "GenericError", "desc": "The command query-status does not support OOB"}}""");
        _blocked.SetResult();
        Assert.Equal("""{"return": {}, "id": 1}""", await peer.LineAsync());
    }

    [Fact]
    public async Task InBand_ManyInFlight_AreAnsweredInOrder()
    {
        using Peer peer = await NegotiatedAsync("oob");
        await peer.SendAsync(string.Concat(Enumerable.Range(0, 20).Select(i => "{\"execute\":\"count\"}")) + """{"exec-oob":"yank"}""");
        for (int i = 0; i < 20; i++)
        {
            string line = await peer.LineAsync();
            if (line == """{"return": {"oob": true}}""")
                line = await peer.LineAsync();
            Assert.Equal($"{{\"return\": {i}}}", line);
        }
    }

    [Fact]
    public async Task Monitor_SecondClient_WaitsForTheFirstToLeave()
    {
        QmpAddress address = await _server.AddMonitorAsync(Endpoint());
        using Peer first = await Peer.ConnectAsync(address);
        await first.LineAsync();
        using Peer second = await Peer.ConnectAsync(address);
        Task<string> greeting = second.LineAsync();
        await first.NegotiateAsync();
        Assert.False(greeting.IsCompleted);
        first.Dispose();
        Assert.StartsWith("{\"QMP\": ", await greeting);
    }

    [Fact]
    public async Task EmitEvent_SeveralMonitors_ReachesTheNegotiatedOnes()
    {
        using Peer first = await NegotiatedAsync();
        using Peer second = await NegotiatedAsync();
        using Peer silent = await ConnectAsync();
        await silent.LineAsync();
        _server.EmitEvent("STOP");
        _server.EmitEvent("MIGRATION", new JsonObject { ["status"] = "setup" });
        foreach (Peer peer in new[] { first, second })
        {
            Assert.Matches("^\\{\"timestamp\": \\{\"seconds\": \\d+, \"microseconds\": \\d+\\}, \"event\": \"STOP\"\\}$", await peer.LineAsync());
            Assert.EndsWith("\"event\": \"MIGRATION\", \"data\": {\"status\": \"setup\"}}", await peer.LineAsync(), StringComparison.Ordinal);
        }

        await silent.ExpectAsync("""{"execute":"qmp_capabilities"}""", """{"return": {}}""");
    }

    [Fact]
    public async Task Disconnect_InTheMiddleOfARequest_LeavesTheMonitorUsable()
    {
        QmpAddress address = await _server.AddMonitorAsync(Endpoint());
        for (int i = 0; i < 20; i++)
        {
            using Peer peer = await Peer.ConnectAsync(address);
            await peer.LineAsync();
            await peer.SendAsync("{\"execute\":\"qmp_capabilities\"}{\"execute\":\"coun");
        }

        using Peer last = await Peer.ConnectAsync(address);
        await last.LineAsync();
        await last.NegotiateAsync();
        await last.ExpectAsync("""{"execute":"count"}""", """{"return": 0}""");
    }

    [Fact]
    public async Task Garbage_Megabytes_AreAnsweredWithErrorsAndThenARequestWorks()
    {
        using Peer peer = await NegotiatedAsync();
        byte[] garbage = new byte[512 * 1024];
        new Random(7).NextBytes(garbage);
        Task sending = peer.SendAsync(garbage);
        var lines = Task.Run(async () =>
        {
            string line;
            do
            {
                line = await peer.LineAsync();
            }
            while (line != "{\"return\": 0, \"id\": \"end\"}");
        });
        await sending;
        await peer.SendAsync("\u0001\n{\"execute\":\"count\",\"id\":\"end\"}");
        await lines.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(lines.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Client_CommandsAndEvents_FindTheirWay()
    {
        QmpAddress address = await _server.AddMonitorAsync(new QmpEndpoint(QmpAddress.Tcp("127.0.0.1", 0)));
        await using QmpClient client = await QmpClient.ConnectAsync(address, new QmpClientOptions { EnableOutOfBand = true });
        Assert.Equal(new QmpVersion(10, 0, 2, "godwit"), client.ServerVersion);
        Assert.True(client.IsOutOfBandEnabled);
        Task<JsonNode?>[] replies = [.. Enumerable.Range(0, 5).Select(_ => client.ExecuteAsync("count"))];
        Assert.Equal([0L, 1, 2, 3, 4], (await Task.WhenAll(replies)).Select(r => r!.GetValue<long>()));
        QmpException error = await Assert.ThrowsAsync<QmpException>(() => client.ExecuteAsync("nope"));
        Assert.Equal(QmpErrorClass.CommandNotFound, error.Class);
        Assert.True((await client.ExecuteAsync("yank", outOfBand: true))!["oob"]!.GetValue<bool>());
        _server.EmitEvent("RESUME");
        QmpEvent received = await client.Events.ReadAsync();
        Assert.Equal("RESUME", received.Name);
        Assert.NotNull(received.Timestamp);
        await _server.DisposeAsync();
        await client.Closed.WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<QmpConnectionException>(() => client.ExecuteAsync("count"));
    }

    [Fact]
    public async Task Client_DescriptorWithARequest_ArrivesWithIt()
    {
        QmpAddress address = await _server.AddMonitorAsync(Endpoint());
        await using QmpClient client = await QmpClient.ConnectAsync(address);
        await Assert.ThrowsAsync<QmpException>(() => client.ExecuteAsync("getfd"));
        (FileDescriptor reader, FileDescriptor writer) = FileDescriptor.CreatePipe();
        using (reader)
        using (writer)
        {
            await client.ExecuteAsync("getfd", descriptor: writer);
            writer.Dispose();
            Assert.Equal(6, (await client.ExecuteAsync("write"))!.GetValue<long>());
            byte[] bytes = new byte[16];
            Assert.Equal(6, reader.Read(bytes));
            Assert.Equal("passed", Encoding.ASCII.GetString(bytes, 0, 6));

            // Used up and closed: the pipe has no writer left.
            Assert.Equal(-1, (await client.ExecuteAsync("write"))!.GetValue<long>());
            Assert.Equal(0, reader.Read(bytes));
        }
    }

    [Fact]
    public async Task Client_ServerThatDoesNotSpeakQmp_IsRefused()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listener.Listen(1);
        Task<QmpClient> connecting = QmpClient.ConnectAsync(QmpAddress.Tcp("127.0.0.1", ((System.Net.IPEndPoint)listener.LocalEndPoint!).Port));
        using Socket peer = await listener.AcceptAsync();
        await peer.SendAsync("SSH-2.0-OpenSSH_9.2\r\n"u8.ToArray());
        await Assert.ThrowsAsync<QmpConnectionException>(() => connecting);
    }

    [Theory]
    [InlineData("unix:/a,server=on,wait=off", "unix:/a", false)]
    [InlineData("tcp:127.0.0.1:4444,server,nowait", "tcp:127.0.0.1:4444", false)]
    [InlineData("tcp:[::1]:0,server=on", "tcp:[::1]:0", true)]
    [InlineData("stdio", "stdio", false)]
    public void Endpoint_KnownSpelling_IsRead(string text, string address, bool wait)
    {
        QmpEndpoint endpoint = QmpEndpoint.Parse(text);
        Assert.Equal(address, endpoint.Address.ToString());
        Assert.Equal(wait, endpoint.WaitForClient);
    }

    [Theory]
    [InlineData("unix:/a,server=on,bogus=1", "bogus=1")]
    [InlineData("pty", "pty")]
    [InlineData("unix:/a", "server=on")]
    [InlineData("tcp:host,server=on", "tcp:HOST:PORT")]
    [InlineData("tcp:host:99999,server=on", "tcp:HOST:PORT")]
    public void Endpoint_UnknownSpelling_IsRefusedByName(string text, string named) =>
        Assert.Contains(named, Assert.Throws<FormatException>(() => QmpEndpoint.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("")]
    public void Listen_PortThatSomebodyListensOn_IsRefused(string host)
    {
        using Socket first = QmpAddress.Tcp(host, 0).Listen(1);
        var taken = QmpAddress.Tcp(host, ((IPEndPoint)first.LocalEndPoint!).Port);
        Assert.Contains("Address already in use", Assert.Throws<QmpConnectionException>(() => taken.Listen(1)).Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _blocked.TrySetResult();
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static ValueTask<JsonNode?> Result(JsonNode? node) => ValueTask.FromResult(node);

    private QmpEndpoint Endpoint() => new(QmpAddress.Unix(Path.Combine(_directory, $"{Interlocked.Increment(ref _sockets)}.sock")));

    private int _sockets;

    private async Task<Peer> ConnectAsync() => await Peer.ConnectAsync(await _server.AddMonitorAsync(Endpoint()));

    private async Task<Peer> NegotiatedAsync(string? capability = null)
    {
        Peer peer = await ConnectAsync();
        await peer.LineAsync();
        await peer.NegotiateAsync(capability);
        return peer;
    }

    private sealed class Peer : IDisposable
    {
        private readonly Socket _socket;
        private readonly StreamReader _reader;

        private Peer(Socket socket)
        {
            _socket = socket;
            _reader = new StreamReader(new NetworkStream(socket), Encoding.UTF8);
        }

        public static async Task<Peer> ConnectAsync(QmpAddress address)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(address.HostOrPath));
            return new Peer(socket);
        }

        public async Task<string> LineAsync() =>
            await _reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(15)) ?? throw new EndOfStreamException();

        public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

        public async Task SendAsync(byte[] bytes)
        {
            for (int sent = 0; sent < bytes.Length;)
                sent += await _socket.SendAsync(bytes.AsMemory(sent));
        }

        public async Task ExpectAsync(string request, string reply)
        {
            await SendAsync(request);
            Assert.Equal(reply, await LineAsync());
        }

        public Task NegotiateAsync(string? capability = null) => ExpectAsync(
            capability is null ? """{"execute":"qmp_capabilities"}""" : $$$"""{"execute":"qmp_capabilities","arguments":{"enable":["{{{capability}}}"]}}""",
            """{"return": {}}""");

        public void Dispose() => _socket.Dispose();
    }
}
