using System.CommandLine;
using System.Globalization;
using Godwit.Qmp;

namespace Godwit.Cli;

/// <summary><c>godwit migrate URI --qmp ADDR</c>: drives a migration of any VM that speaks QMP.</summary>
internal sealed class MigrateVerb : IVerb
{
    private readonly ICommandHost _host;
    private readonly Argument<string> _uri = new("URI") { Description = "where the stream goes: tcp:HOST:PORT, unix:PATH, exec:COMMAND, fd:NAME, file:PATH" };
    private readonly Option<string> _qmp = new("--qmp") { Description = "QMP server of the source: unix:PATH, tcp:HOST:PORT or a path", Required = true, HelpName = "ADDR" };
    private readonly Option<string?> _target = new("--qmp-target") { Description = "QMP server of the destination, started with -incoming defer: prepared and watched too", HelpName = "ADDR" };
    private readonly Option<string[]> _capabilities = new("--cap") { Description = "capability to switch on or off first (repeatable)", HelpName = "NAME[=off]" };
    private readonly Option<string[]> _parameters = new("--set") { Description = "parameter to set first (repeatable)", HelpName = "NAME=VALUE" };
    private readonly Option<bool> _detach = new("--detach") { Description = "start it and return" };
    private readonly Option<string?> _timeout = new("--timeout") { Description = "give up watching after so many seconds", HelpName = "SECONDS" };
    private readonly Option<bool> _cancelOnTimeout = new("--cancel-on-timeout") { Description = "cancel the migration when --timeout is over" };
    private readonly Option<bool> _json = new("--json") { Description = "print the report as one JSON document" };

    public MigrateVerb(ICommandHost host)
    {
        _host = host;
        Command = new Command("migrate", "drive a live migration of any QMP-speaking VM (QEMU or Godwit), with progress and report")
        {
            _uri, _qmp, _target, _capabilities, _parameters, _detach, _timeout, _cancelOnTimeout, _json,
        };
        Command.SetAction(RunAsync);
    }

    public Command Command { get; }

    public string Example =>
        "godwit migrate tcp:192.0.2.7:4444 --qmp /run/vm1.sock --qmp-target tcp:192.0.2.7:5555 --set max-bandwidth=1G --cap xbzrle=off";

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken interrupt)
    {
        var plan = new MigrationPlan
        {
            Uri = parsed.GetRequiredValue(_uri),
            Capabilities = [.. (parsed.GetValue(_capabilities) ?? []).Select(ParseCapability)],
            Parameters = [.. (parsed.GetValue(_parameters) ?? []).Select(ParseParameter)],
            IsDetached = parsed.GetValue(_detach),
            Timeout = ParseTimeout(parsed.GetValue(_timeout)),
            CancelOnTimeout = parsed.GetValue(_cancelOnTimeout),
        };
        if (plan.CancelOnTimeout && plan.Timeout is null)
            throw CommandException.Usage("--cancel-on-timeout", "needs --timeout");
        await using QmpClient source = await ConnectAsync("--qmp", parsed.GetRequiredValue(_qmp), interrupt);
        await using QmpClient? target = parsed.GetValue(_target) is { } address ? await ConnectAsync("--qmp-target", address, interrupt) : null;
        IMigrationProgress progress = _host.LiveConsole is { } console
            ? new LiveMigrationProgress(console, $"migrating to {plan.Uri}")
            : new PlainMigrationProgress(_host.Error, "migrate: ");
        MigrationOutcome outcome = await new MigrationDriver(source, target, plan, progress).RunAsync(interrupt);
        return Finish(outcome, plan, parsed.GetValue(_json), interrupt.IsCancellationRequested);
    }

    private int Finish(MigrationOutcome outcome, MigrationPlan plan, bool json, bool interrupted)
    {
        if (json)
            _host.Out.WriteLine(JsonText.Format(MigrationReport.ToJson(outcome)));
        else if (plan.IsDetached)
            _host.Out.WriteLine($"migration to {plan.Uri} started");
        else if (outcome.IsSuccess)
        {
            _host.Out.WriteLine($"migrated to {plan.Uri}");
            MigrationReport.Write(_host.Out, outcome.Source);
        }

        if (outcome.IsSuccess)
            return ExitCode.Done;
        string verb = outcome.IsCancelled ? "migration cancelled" : "migration failed";
        _host.Error.WriteLine($"godwit: {verb}: {outcome.Reason}; {outcome.GuestText} ({plan.Uri})");
        return interrupted ? ExitCode.Interrupted : ExitCode.Failed;
    }

    private static async Task<QmpClient> ConnectAsync(string option, string text, CancellationToken cancellationToken)
    {
        try
        {
            return await QmpClient.ConnectAsync(QmpAddress.Parse(text), cancellationToken: cancellationToken);
        }
        catch (FormatException e)
        {
            throw CommandException.Usage(option, e.Message);
        }
        catch (Exception e) when (e is QmpConnectionException or QmpException)
        {
            throw new CommandException(option, e.Message, inner: e);
        }
    }

    private static KeyValuePair<string, bool> ParseCapability(string text)
    {
        string[] parts = text.Split('=', 2);
        return parts.Length == 1 ? KeyValuePair.Create(text, true) : parts[1] switch
        {
            "on" => KeyValuePair.Create(parts[0], true),
            "off" => KeyValuePair.Create(parts[0], false),
            _ => throw CommandException.Usage($"--cap {text}", "expected NAME, NAME=on or NAME=off"),
        };
    }

    private static KeyValuePair<string, string> ParseParameter(string text)
    {
        string[] parts = text.Split('=', 2);
        return parts.Length == 2 ? KeyValuePair.Create(parts[0], parts[1]) : throw CommandException.Usage($"--set {text}", "expected NAME=VALUE");
    }

    private static TimeSpan? ParseTimeout(string? text)
    {
        if (text is null)
            return null;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) || seconds is <= 0 or > 1e6)
            throw CommandException.Usage($"--timeout {text}", "expected a number of seconds");
        return TimeSpan.FromSeconds(seconds);
    }
}
