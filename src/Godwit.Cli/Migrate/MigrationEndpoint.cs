using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Qmp;
using Godwit.Wire;

namespace Godwit.Cli;

/// <summary>One side of a migration behind its monitor: settings, state, events.</summary>
internal sealed class MigrationEndpoint(QmpClient client, string role)
{
    private static readonly TimeSpan _restoreDeadline = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly List<string> _events = [];
    private IReadOnlyList<KeyValuePair<string, bool>> _capabilitiesBefore = [];
    private JsonObject _parametersBefore = [];
    private TaskCompletionSource _stirred = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public QmpClient Client { get; } = client;

    /// <summary>"source" or "destination".</summary>
    public string Role { get; } = role;

    /// <summary>Events so far in short form.</summary>
    public IReadOnlyList<string> Events
    {
        get
        {
            lock (_lock)
                return [.. _events];
        }
    }

    /// <summary>Reads events until the connection ends.</summary>
    public async Task WatchAsync()
    {
        await foreach (QmpEvent e in Client.Events.ReadAllAsync())
        {
            string text = e.Name switch
            {
                "MIGRATION" => "M:" + e.GetString("status"),
                "MIGRATION_PASS" => "P:" + e.Data?["pass"],
                _ => e.Name,
            };
            lock (_lock)
            {
                _events.Add(text);
                _stirred.TrySetResult();
            }
        }

        lock (_lock)
            _stirred.TrySetResult();
    }

    /// <summary>Waits for the next event, the end of the connection, or the time; whichever is first.</summary>
    public async Task WaitForStirAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        Task stirred;
        lock (_lock)
        {
            if (_stirred.Task.IsCompleted && !Client.Closed.IsCompleted)
                _stirred = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            stirred = _stirred.Task;
        }

        using CancellationTokenSource timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(stirred, Task.Delay(time, timer.Token));
        await timer.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    public async Task<MigrationInfo> QueryMigrateAsync(CancellationToken cancellationToken) =>
        MigrationInfo.FromReply(await Client.ExecuteAsync("query-migrate", cancellationToken: cancellationToken));

    public async Task<string> QueryRunStateAsync(CancellationToken cancellationToken)
    {
        JsonNode? reply = await Client.ExecuteAsync("query-status", cancellationToken: cancellationToken);
        return (reply as JsonObject)?["status"] is JsonValue value && value.TryGetValue(out string? text) ? text : "unknown";
    }

    /// <summary>Sets capabilities that the server knows; what they were is remembered.</summary>
    /// <param name="known">What <see cref="QueryCapabilitiesAsync"/> returned.</param>
    /// <param name="wanted">What they are to be.</param>
    /// <param name="cancellationToken">Ends the wait for the server.</param>
    public async Task SetCapabilitiesAsync(
        IReadOnlyDictionary<string, bool> known, IEnumerable<KeyValuePair<string, bool>> wanted, CancellationToken cancellationToken)
    {
        KeyValuePair<string, bool>[] all = [.. wanted];
        if (all.Length == 0)
            return;
        // Before the reply: whoever does not wait for it cannot know whether they were set.
        _capabilitiesBefore = [.. all.Select(c => KeyValuePair.Create(c.Key, known[c.Key]))];
        await ExecuteAsync("set capabilities", "migrate-set-capabilities", Capabilities(all), cancellationToken);
    }

    /// <summary>The capabilities that the server knows, and whether they are on.</summary>
    public async Task<IReadOnlyDictionary<string, bool>> QueryCapabilitiesAsync(CancellationToken cancellationToken)
    {
        JsonNode? reply = await Client.ExecuteAsync("query-migrate-capabilities", cancellationToken: cancellationToken);
        var states = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (JsonNode? entry in reply as JsonArray ?? [])
        {
            if ((entry as JsonObject)?["capability"] is JsonValue value && value.TryGetValue(out string? name))
                states[name] = entry["state"] is JsonValue state && state.TryGetValue(out bool on) && on;
        }

        return states;
    }

    /// <summary>Puts capabilities and parameters back that were set here, when no migration came of them. What cannot be put back stays.</summary>
    public async Task RestoreAsync()
    {
        if (_capabilitiesBefore.Count > 0)
            await TryAsync("migrate-set-capabilities", Capabilities(_capabilitiesBefore));
        if (_parametersBefore.Count > 0)
            await TryAsync("migrate-set-parameters", _parametersBefore);
    }

    /// <summary>Sets parameters given as text; each takes the JSON type that the server shows for it.</summary>
    public async Task SetParametersAsync(IReadOnlyList<KeyValuePair<string, string>> wanted, CancellationToken cancellationToken)
    {
        if (wanted.Count == 0)
            return;
        JsonObject current = await Client.ExecuteAsync("query-migrate-parameters", cancellationToken: cancellationToken) as JsonObject ?? [];
        var arguments = new JsonObject();
        var before = new JsonObject();
        foreach ((string name, string text) in wanted)
        {
            if (!current.TryGetPropertyValue(name, out JsonNode? known))
                throw new CommandException($"--set {name}", "the server knows no such parameter", Where, ExitCode.WrongUsage);
            arguments[name] = Typed(name, text, known);
            before[name] = known?.DeepClone();
        }

        _parametersBefore = before;
        await ExecuteAsync("set parameters", "migrate-set-parameters", arguments, cancellationToken);
    }

    /// <summary>Runs a command and turns an error reply into the verb's error line.</summary>
    public async Task<JsonNode?> ExecuteAsync(string what, string command, JsonObject? arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await Client.ExecuteAsync(command, arguments, cancellationToken: cancellationToken);
        }
        catch (QmpException e)
        {
            throw new CommandException(what, e.Message, Where, inner: e);
        }
    }

    public string Where => $"{Role} {Client.Description}";

    private async Task TryAsync(string command, JsonObject arguments)
    {
        using var deadline = new CancellationTokenSource(_restoreDeadline);
        try
        {
            await Client.ExecuteAsync(command, arguments, cancellationToken: deadline.Token);
        }
        catch (Exception e) when (e is QmpException or QmpConnectionException or OperationCanceledException)
        {
            // The reason why nothing came of the migration is the one to report.
        }
    }

    private static JsonObject Capabilities(IEnumerable<KeyValuePair<string, bool>> states) => new()
    {
        ["capabilities"] = new JsonArray([.. states.Select(c => (JsonNode?)new JsonObject { ["capability"] = c.Key, ["state"] = c.Value })]),
    };

    private static JsonValue Typed(string name, string text, JsonNode? known)
    {
        switch (known?.GetValueKind())
        {
            case JsonValueKind.Number:
                if (SizeText.TryParse(text, 1, out ulong number))
                    return JsonValue.Create(number);
                if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long negative))
                    return JsonValue.Create(negative);
                throw CommandException.Usage($"--set {name}={text}", "expected a number");
            case JsonValueKind.True or JsonValueKind.False:
                return text switch
                {
                    "on" or "true" or "yes" => JsonValue.Create(true),
                    "off" or "false" or "no" => JsonValue.Create(false),
                    _ => throw CommandException.Usage($"--set {name}={text}", "expected on or off"),
                };
            default:
                return JsonValue.Create(text);
        }
    }
}
