using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>One guest on its way through several machines, and everything that it printed.</summary>
internal sealed partial class Journey : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StringBuilder _past = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly LinuxVmOptions _options;
    private readonly bool _hasLargestRings;
    private LinuxVm _current;
    private string _lastQemu;
    private int _hops;

    /// <summary>Starts the guest and waits until it works.</summary>
    public Journey(string host, LinuxVmOptions options, bool hasDisk)
    {
        if (hasDisk)
        {
            options = options with { Disk = _directory.File("disk") };
            using FileStream disk = File.Create(options.Disk);
            disk.SetLength(8 << 20);
        }

        _options = options with { Mode = null };
        _hasLargestRings = host == "10.0";
        _lastQemu = host == LinuxVm.Godwit ? "10.0" : host;
        _current = LinuxVm.Start(host, options);
        _current.WaitForConsole("the first tick", text => LastTick(text) >= 2);
    }

    public LinuxVm Current => _current;

    /// <summary>All that the guest printed since its start.</summary>
    public string Console => _past + _current.Console;

    /// <summary>Moves the guest and waits until it has gone on there.</summary>
    public void HopTo(string host, string transport, int ticks = 2)
    {
        LinuxVm source = _current;
        LinuxVm target = LinuxVm.Start(host, WithFittingDisk(host), "-incoming", "defer");
        try
        {
            source.Qmp.EnableCapabilities("return-path");
            target.Qmp.EnableCapabilities("return-path");
            if (source.Host == LinuxVm.Godwit && host != LinuxVm.Godwit && host != _lastQemu)
                source.Qmp.Execute("migrate-set-parameters", new Dictionary<string, string>(StringComparer.Ordinal) { ["x-peer-version"] = host });
            source.Qmp.Execute("migrate", new { uri = Listen(target, transport) });
            source.Qmp.WaitForMigrationEnd(deadline: TimeSpan.FromSeconds(120));
            target.Qmp.WaitFor("the guest to run", q => q.RunState == "running");
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException or EndOfStreamException or IOException)
        {
            throw new InvalidOperationException($"{source.Host} to {host}: {e.Message}; source: {source.Process.Output}; target: {target.Process.Output}", e);
        }

        if (host != LinuxVm.Godwit)
            _lastQemu = host;
        Assert.Equal("postmigrate", source.Qmp.RunState);
        source.Quit();
        _past.Append(source.Console);
        source.Dispose();
        _current = target;
        GoOn(ticks);
    }

    /// <summary>Waits until the guest has counted on.</summary>
    public void GoOn(int ticks)
    {
        int wanted = LastTick(Console) + ticks;
        string past = _past.ToString();
        _current.WaitForConsole($"tick {wanted}", text => LastTick(past + text) >= wanted);
    }

    /// <summary>Waits until the guest prints something that it has not printed yet.</summary>
    public void WaitForNew(string what)
    {
        int known = Count(Console, what);
        string past = _past.ToString();
        _current.WaitForConsole($"another '{what}'", text => Count(past + text, what) > known);
    }

    /// <summary>The whole record: no gap or repeat, one boot, time that goes on as outside, no violation.</summary>
    public void AssertNothingLost()
    {
        string text = Console;
        Assert.DoesNotContain("VIOLATION", text, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(text, "guest: ready harts="));
        int count = 0;
        double lastUp = 0;
        string? boot = null;
        foreach (Match tick in Tick().Matches(text))
        {
            Assert.Equal(++count, int.Parse(tick.Groups[1].Value, CultureInfo.InvariantCulture));
            double up = double.Parse(tick.Groups[2].Value, CultureInfo.InvariantCulture);
            Assert.InRange(up, lastUp, _clock.Elapsed.TotalSeconds + 1);
            lastUp = up;
            boot ??= tick.Groups[3].Value;
            Assert.Equal(boot, tick.Groups[3].Value);
        }

        Assert.True(count > 2, text);
    }

    public void Dispose()
    {
        _current.Dispose();
        _directory.Dispose();
    }

    private static int LastTick(string text) =>
        Tick().Matches(text) is { Count: > 0 } ticks ? int.Parse(ticks[^1].Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    private static int Count(string text, string part)
    {
        int count = 0;
        for (int at = 0; (at = text.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length)
            count++;
        return count;
    }

    [GeneratedRegex(@"guest: tick (\d+) up=([\d.]+) boot=([0-9a-f]{8})\s")]
    private static partial Regex Tick();

    // QEMU 10.0 lets its guests take rings of 1024 entries; 11.1 takes such a guest only when its own device has as many.
    private LinuxVmOptions WithFittingDisk(string host) => _options.Disk is null || !_hasLargestRings || host != "11.1"
        ? _options
        : _options with
        {
            Disk = null,
            More =
            [
                "-drive", $"file={_options.Disk},format=raw,if=none,id=d0",
                "-device", "virtio-blk-device,drive=d0,bus=virtio-mmio-bus.0,queue-size=1024",
            ],
        };

    private string Listen(LinuxVm target, string transport)
    {
        string uri = transport == "unix" ? $"unix:{_directory.File($"hop{_hops++}")}" : "tcp:127.0.0.1:0";
        target.Qmp.Execute("migrate-incoming", new { uri });
        if (transport == "unix")
            return uri;
        JsonElement address = target.Qmp.Execute("query-migrate").GetProperty("socket-address")[0];
        return $"tcp:127.0.0.1:{address.GetProperty("port").GetString()}";
    }
}
