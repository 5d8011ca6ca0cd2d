using System.Text.Json.Nodes;
using Godwit.Qmp;
using Godwit.Testing;

namespace Godwit.Cli.Tests;

/// <summary>A QMP server that plays a VM: each <c>query-migrate</c> gives the next reply of a script, the last one for ever.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Queue<string> _replies;
    private readonly QmpServer _server;

    private ScriptedServer(string[] replies, string[] capabilities)
    {
        _replies = new Queue<string>(replies);
        var table = new QmpCommandTable();
        Add(table, "query-migrate", _ => JsonNode.Parse(_replies.Count > 1 ? _replies.Dequeue() : _replies.Peek()));
        Add(table, "query-status", _ => new JsonObject { ["status"] = RunState, ["running"] = RunState == "running" });
        Add(table, "query-migrate-capabilities", _ =>
            new JsonArray([.. capabilities.Select(c => (JsonNode?)new JsonObject { ["capability"] = c, ["state"] = false })]));
        Add(table, "query-migrate-parameters", _ => JsonNode.Parse("""{"max-bandwidth": 1, "direct-io": false, "multifd-compression": "none"}"""));
        foreach (string name in new[] { "migrate-set-capabilities", "migrate-set-parameters", "migrate", "migrate-continue", "migrate-incoming", "cont" })
            Add(table, name, _ => null);
        Add(table, "migrate_cancel", _ =>
        {
            _replies.Clear();
            _replies.Enqueue("""{"status": "cancelled"}""");
            return null;
        });
        _server = new QmpServer(table, new QmpVersion(10, 0, 2, ""));
    }

    public string RunState { get; set; } = "running";

    public List<string> Commands { get; } = [];

    public string Address { get; private set; } = "";

    public static async Task<ScriptedServer> StartAsync(params string[] replies) =>
        await StartWithAsync(["events", "return-path", "xbzrle"], replies);

    public static async Task<ScriptedServer> StartWithAsync(string[] capabilities, params string[] replies)
    {
        var result = new ScriptedServer(replies, capabilities);
        result.Address = (await result._server.AddMonitorAsync(new QmpEndpoint(QmpAddress.Unix(result._directory.File("q"))))).ToString();
        return result;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    private void Add(QmpCommandTable table, string name, Func<QmpArguments, JsonNode?> reply) =>
        table.Add(new QmpCommand(name, [.. Members(name)], (_, arguments, _) =>
        {
            if (!name.StartsWith("query", StringComparison.Ordinal))
                Commands.Add(arguments.Members.Count == 0 ? name : $"{name} {QmpJsonWriter.Format(arguments.Members)}");
            return ValueTask.FromResult(reply(arguments));
        }));

    private static IEnumerable<QmpMember> Members(string name) => name switch
    {
        "migrate" => [new("uri", QmpType.Text)],
        "migrate-incoming" => [new("uri", QmpType.Text), new("exit-on-error", QmpType.Boolean, true)],
        "migrate-continue" => [new("state", QmpType.Text)],
        "migrate-set-capabilities" => [new("capabilities", QmpType.Any)],
        "migrate-set-parameters" =>
            [new("max-bandwidth", QmpType.Size, true), new("direct-io", QmpType.Boolean, true), new("multifd-compression", QmpType.Text, true)],
        _ => [],
    };
}
