using System.Diagnostics;
using System.Text.Json.Nodes;
using Godwit.Qmp;

namespace Godwit.MigrationBench;

/// <summary>One machine in a process of its own, with its monitor.</summary>
internal sealed class VmEnd : IAsyncDisposable
{
    /// <summary>How long a process has to use no processor time that the kernel counts (in hundredths of a second) to be at rest.</summary>
    private const double RestSeconds = 0.3;

    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly QmpClient _client;

    private VmEnd(Process process, QmpClient client)
    {
        _process = process;
        _client = client;
    }

    public double CpuSeconds => ProcessClock.CpuSeconds(_process.Id);

    /// <summary>Starts a program that serves a monitor at <paramref name="monitor"/>.</summary>
    public static async Task<VmEnd> StartAsync(ProcessStartInfo start, string monitor)
    {
        start.RedirectStandardError = true;
        start.RedirectStandardOutput = true;
        Process process = Process.Start(start) ?? throw new BenchException($"cannot start {start.FileName}");
        _ = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        var watch = Stopwatch.StartNew();
        while (true)
        {
            if (process.HasExited)
                throw new BenchException($"{start.FileName} ended: {(await errors).Trim()}");
            try
            {
                return new VmEnd(process, await QmpClient.ConnectAsync(QmpAddress.Unix(monitor), new QmpClientOptions { ConnectTimeout = _deadline }));
            }
            catch (QmpConnectionException) when (watch.Elapsed < _deadline && !process.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    public async Task<JsonNode?> ExecuteAsync(string command, JsonObject? arguments = null)
    {
        try
        {
            return await _client.ExecuteAsync(command, arguments).WaitAsync(_deadline);
        }
        catch (QmpException e)
        {
            throw new BenchException($"{command}: {e.Message}");
        }
    }

    /// <summary>Waits until the process does nothing: what it does in the background when it starts is no part of a migration.</summary>
    public async Task WaitForRestAsync()
    {
        var watch = Stopwatch.StartNew();
        double used = CpuSeconds;
        double lastUse = 0;
        while (watch.Elapsed.TotalSeconds < lastUse + RestSeconds)
        {
            if (watch.Elapsed > _deadline)
                throw new BenchException("a machine that is stopped does not come to rest");
            await Task.Delay(50);
            if (CpuSeconds > used)
                (used, lastUse) = (CpuSeconds, watch.Elapsed.TotalSeconds);
        }
    }

    /// <summary>Waits until the machine reports one of the states by an event.</summary>
    public async Task<string> WaitForMigrationAsync(TimeSpan limit, params string[] states)
    {
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            await foreach (QmpEvent e in _client.Events.ReadAllAsync(deadline.Token))
            {
                if (e.Name == "MIGRATION" && e.GetString("status") is { } status && states.Contains(status))
                    return status;
            }
        }
        catch (OperationCanceledException)
        {
            throw new BenchException($"no end after {limit.TotalSeconds} s");
        }

        throw new BenchException("the machine ended");
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_process.HasExited)
                await _client.ExecuteAsync("quit").WaitAsync(TimeSpan.FromSeconds(10));
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        }
        catch (Exception e) when (e is QmpConnectionException or QmpException or TimeoutException)
        {
            // It is ended below.
        }

        await _client.DisposeAsync();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
