using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Qmp;

namespace Godwit.Cli;

/// <summary>Drives one migration through the monitors of source and, if given, destination; QEMU or Godwit behind each.</summary>
/// <remarks>
/// Order: events on both sides, then capabilities, then parameters, then the destination listens, then the source starts. Where one of these is refused,
/// capabilities and parameters are put back.
/// The end is the source's <c>completed</c> and the destination's; events only make it notice sooner, polling decides.
/// </remarks>
internal sealed class MigrationDriver(QmpClient source, QmpClient? target, MigrationPlan plan, IMigrationProgress progress)
{
    private static readonly TimeSpan _pollInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _cancelDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _startDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _targetDeadline = TimeSpan.FromSeconds(60);

    private readonly MigrationEndpoint _source = new(source, "source");
    private readonly MigrationEndpoint? _target = target is null ? null : new MigrationEndpoint(target, "destination");
    private MigrationInfo _last = new() { Status = "none" };
    private bool _continued;

    /// <summary>Runs the whole migration.</summary>
    /// <param name="interrupt">Set when the user wants it cancelled.</param>
    /// <exception cref="CommandException">It could not be started, or a monitor was lost.</exception>
    public async Task<MigrationOutcome> RunAsync(CancellationToken interrupt)
    {
        _ = _source.WatchAsync();
        _ = _target?.WatchAsync();
        bool isAsked = false;
        try
        {
            string uri = await PrepareAsync(interrupt);
            interrupt.ThrowIfCancellationRequested();

            // From here on an interrupt has to cancel the migration, so the reply is waited for in any case.
            using var limit = new CancellationTokenSource(_startDeadline);
            isAsked = true;
            await _source.ExecuteAsync("migrate", "migrate", new JsonObject { ["uri"] = uri }, limit.Token);
        }
        catch (Exception e) when (!isAsked || e is CommandException)
        {
            // Refused, or not asked for: the next one to migrate shall not find settings of a migration that never was.
            await _source.RestoreAsync();
            if (_target is not null)
                await _target.RestoreAsync();
            if (e is QmpConnectionException)
                throw new CommandException("migrate", e.Message, inner: e);
            throw;
        }
        catch (QmpConnectionException e)
        {
            throw new CommandException("migrate", e.Message, inner: e);
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
        {
            return await CancelAsync("interrupted");
        }
        catch (OperationCanceledException e)
        {
            throw new CommandException("migrate", "the server does not answer; whether the migration has started is not known", _source.Where, inner: e);
        }

        if (plan.IsDetached)
            return new MigrationOutcome { IsSuccess = true, Source = await _source.QueryMigrateAsync(CancellationToken.None), SourceEvents = _source.Events };
        return await progress.RunAsync(() => FollowAsync(interrupt));
    }

    private async Task<string> PrepareAsync(CancellationToken interrupt)
    {
        await SetCapabilitiesAsync(_source, interrupt);
        await _source.SetParametersAsync(plan.Parameters, interrupt);
        if (_target is null)
            return plan.Uri;
        await SetCapabilitiesAsync(_target, interrupt);
        // What the destination is concerns the source alone, and a QEMU does not know the name.
        await _target.SetParametersAsync([.. plan.Parameters.Where(p => p.Key != "x-peer-version")], interrupt);
        return plan.IsFile ? plan.Uri : await ListenAsync(_target, interrupt);
    }

    private async Task SetCapabilitiesAsync(MigrationEndpoint side, CancellationToken interrupt)
    {
        IReadOnlyDictionary<string, bool> known = await side.QueryCapabilitiesAsync(interrupt);
        var wanted = new List<KeyValuePair<string, bool>>();
        AddDefault("events", true);
        // Without a way back the source believes in success as soon as all bytes have left it.
        AddDefault("return-path", plan.HasReturnPath && _target is not null);
        foreach ((string name, bool on) in plan.Capabilities)
        {
            if (!known.ContainsKey(name))
                throw new CommandException($"--cap {name}", "the server knows no such capability", side.Where, ExitCode.WrongUsage);
            wanted.Add(KeyValuePair.Create(name, on));
        }

        await side.SetCapabilitiesAsync(known, wanted, interrupt);

        void AddDefault(string name, bool on)
        {
            if (on && known.ContainsKey(name))
                wanted.Add(KeyValuePair.Create(name, true));
        }
    }

    private async Task<string> ListenAsync(MigrationEndpoint side, CancellationToken interrupt)
    {
        MigrationInfo before = await side.QueryMigrateAsync(interrupt);
        if (before.SocketAddresses is null)
            await StartIncomingAsync(side, interrupt);
        MigrationInfo info = await side.QueryMigrateAsync(interrupt);
        return WithChosenPort(plan.Uri, info.SocketAddresses);
    }

    private async Task StartIncomingAsync(MigrationEndpoint side, CancellationToken interrupt)
    {
        var arguments = new JsonObject { ["uri"] = plan.Uri };

        // Since 9.1 a destination can be told to stay and report instead of ending.
        if (side.Client.ServerVersion is { } version && (version.Major > 9 || (version.Major == 9 && version.Minor >= 1)))
            arguments["exit-on-error"] = false;
        await side.ExecuteAsync("migrate-incoming", "migrate-incoming", arguments, interrupt);
    }

    /// <summary>Puts the port that the kernel chose in the place of port 0.</summary>
    internal static string WithChosenPort(string uri, JsonArray? addresses)
    {
        if (!uri.StartsWith("tcp:", StringComparison.Ordinal) || addresses is null)
            return uri;
        int options = uri.IndexOf(',', StringComparison.Ordinal);
        string address = options < 0 ? uri : uri[..options];
        if (!address.EndsWith(":0", StringComparison.Ordinal))
            return uri;
        foreach (JsonNode? entry in addresses)
        {
            if ((entry as JsonObject)?["port"] is JsonValue value && value.TryGetValue(out string? port))
                return string.Concat(address.AsSpan(0, address.Length - 1), port);
        }

        return uri;
    }

    private async Task<MigrationOutcome> FollowAsync(CancellationToken interrupt)
    {
        using var limit = new CancellationTokenSource();
        if (plan.Timeout is { } timeout)
            limit.CancelAfter(timeout);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(interrupt, limit.Token);
        try
        {
            await FollowSourceAsync(stop.Token);
            if (_last.IsCompleted && _target is not null)
                return await FinishTargetAsync(_target, stop.Token);
            return await OutcomeAsync(_last.IsCompleted, _last.IsCompleted ? null : Reason(_last) + await TargetReasonAsync());
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
        {
            return await CancelAsync("interrupted");
        }
        catch (OperationCanceledException)
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"not done after {plan.Timeout!.Value.TotalSeconds:0.###} s");
            if (plan.CancelOnTimeout)
                return await CancelAsync(text);
            return await OutcomeAsync(false, $"{text}, still {_last.Status}; it goes on in the background");
        }
        catch (QmpConnectionException e)
        {
            return new MigrationOutcome { IsSuccess = false, Source = _last, Reason = e.Message, SourceEvents = _source.Events };
        }
    }

    private async Task FollowSourceAsync(CancellationToken stop)
    {
        while (true)
        {
            _last = await _source.QueryMigrateAsync(stop);
            progress.Report(_last);
            if (_last.HasEnded)
                return;
            if (_last.Status == "pre-switchover" && !_continued)
            {
                _continued = true;
                await _source.ExecuteAsync(
                    "migrate-continue", "migrate-continue", new JsonObject { ["state"] = "pre-switchover" }, stop);
            }

            await _source.WaitForStirAsync(_pollInterval, stop);
        }
    }

    private async Task<MigrationOutcome> FinishTargetAsync(MigrationEndpoint side, CancellationToken stop)
    {
        try
        {
            if (plan.IsFile)
                await StartIncomingAsync(side, stop);
            long deadline = Environment.TickCount64 + (long)_targetDeadline.TotalMilliseconds;
            while (true)
            {
                MigrationInfo info = await side.QueryMigrateAsync(stop);
                string state = await side.QueryRunStateAsync(stop);
                if (info.Status == "failed")
                    return await TargetFailedAsync(info.ErrorText ?? "the destination refused the stream");
                if (info.IsCompleted || state is not "inmigrate")
                    return (await OutcomeAsync(true, null)) with { TargetRunState = state };
                if (Environment.TickCount64 > deadline)
                    return await OutcomeAsync(false, $"the destination is still {state}/{info.Status} long after the source completed");
                await side.WaitForStirAsync(_pollInterval, stop);
            }
        }
        catch (Exception e) when (e is QmpConnectionException or CommandException)
        {
            return await OutcomeAsync(
                false, $"the destination was lost before it said that it had loaded: {e.Message}; 'cont' at the source resumes the guest once it is sure that the destination does not run it");
        }
    }

    // The source has let go, the destination has said that it failed: only now may the source run again.
    private async Task<MigrationOutcome> TargetFailedAsync(string reason)
    {
        await _source.ExecuteAsync("cont", "cont", null, CancellationToken.None);
        return await OutcomeAsync(false, $"the destination failed: {reason}");
    }

    private async Task<MigrationOutcome> CancelAsync(string why)
    {
        try
        {
            using var deadline = new CancellationTokenSource(_cancelDeadline);
            await _source.ExecuteAsync("migrate_cancel", "migrate_cancel", null, deadline.Token);
            while (!_last.HasEnded || _last.Status == "none")
            {
                _last = await _source.QueryMigrateAsync(deadline.Token);
                progress.Report(_last);
                if (_last.HasEnded)
                    break;
                await _source.WaitForStirAsync(TimeSpan.FromMilliseconds(100), deadline.Token);
            }

            // It may have completed while the cancel was on its way.
            if (_last.IsCompleted)
                return await OutcomeAsync(true, null);
            return (await OutcomeAsync(false, why)) with { IsCancelled = true };
        }
        catch (Exception e) when (e is OperationCanceledException or CommandException)
        {
            string detail = e is CommandException ? e.Message : $"the source is still {_last.Status}";
            return await OutcomeAsync(false, $"{why}; could not cancel: {detail}");
        }
    }

    private async Task<MigrationOutcome> OutcomeAsync(bool success, string? reason)
    {
        string? state = null;
        try
        {
            using var deadline = new CancellationTokenSource(_cancelDeadline);
            state = await _source.QueryRunStateAsync(deadline.Token);
        }
        catch (Exception e) when (e is QmpConnectionException or QmpException or OperationCanceledException)
        {
            reason ??= success ? null : e.Message;
        }

        return new MigrationOutcome
        {
            IsSuccess = success,
            Source = _last,
            SourceRunState = state,
            Reason = reason,
            SourceEvents = _source.Events,
        };
    }

    /// <summary>What a destination that is still there says; the source often knows only that it was refused.</summary>
    private async Task<string?> TargetReasonAsync()
    {
        if (_target is null)
            return null;
        try
        {
            using var deadline = new CancellationTokenSource(_cancelDeadline);
            return (await _target.QueryMigrateAsync(deadline.Token)).ErrorText is { } text ? $"; the destination says: {text}" : null;
        }
        catch (Exception e) when (e is QmpConnectionException or CommandException or OperationCanceledException)
        {
            return null; // it ended, as it does unless it was told to stay
        }
    }

    private static string Reason(MigrationInfo info) => info.ErrorText ?? info.Status switch
    {
        "cancelled" => "it was cancelled by another client",
        "postcopy-paused" => "postcopy is paused; it can be resumed with migrate-recover and migrate with resume",
        _ => $"it ended as {info.Status}",
    };
}
