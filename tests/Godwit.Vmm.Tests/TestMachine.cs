using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Godwit.Machine;
using Godwit.Migration;

namespace Godwit.Vmm.Tests;

/// <summary>A small machine with the staircase guest, its console and its events.</summary>
internal sealed partial class TestMachine : IDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly RingCharBackend _console = new();

    public TestMachine(bool isIncoming = false, bool startsStopped = false, Func<VmOptions, VmOptions>? change = null, bool events = true)
    {
        var options = new VmOptions
        {
            RamBytes = 8 << 20,
            IsIncoming = isIncoming,
            StartsStopped = startsStopped,
            Serial = _console,
            Staircase = new StaircaseOptions { RamBytes = 8 << 20, WorkingSetPages = 64, PagesPerSecond = 20_000, ReportRounds = 10 },
        };
        Vm = new VirtualMachine(change is null ? options : change(options)) { EventSink = Take };
        if (events)
            Vm.Settings.SetCapabilities([KeyValuePair.Create("events", true)]);
    }

    public VirtualMachine Vm { get; }

    public ConcurrentQueue<string> Events { get; } = new();

    public string Text => _console.GetText();

    public ulong[] Rounds => RoundsOf(Text);

    public static ulong[] RoundsOf(string text) =>
        [.. RoundLine().Matches(text).Select(m => ulong.Parse(m.Groups["n"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture))];

    public static void WaitFor(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Deadline, $"not in time: {what}");
            Thread.Yield();
        }
    }

    public void WaitForRounds(int count) => WaitFor(() => Rounds.Length >= count, $"{count} round lines, have: {Text}");

    public void AssertSound()
    {
        Vm.Stop();
        StaircaseReport report = Vm.CheckStaircase();
        Assert.True(report.IsSound, string.Join('\n', report.Violations));
        Assert.True(report.IsStarted);
        Assert.DoesNotContain("VIOLATION", Text, StringComparison.Ordinal);
    }

    public void WaitForStatus(MigrationStatus status) =>
        WaitFor(() => Vm.Outgoing.Status == status, $"{status}, is {Vm.Outgoing.Status}: {Vm.Outgoing.ErrorDescription}");

    public void Dispose() => Vm.Dispose();

    private void Take(VmEvent e) => Events.Enqueue(e.Name switch
    {
        "MIGRATION" => $"M:{e.Data!["status"]}",
        "MIGRATION_PASS" => $"P:{e.Data!["pass"]}",
        "RESET" or "SHUTDOWN" => $"{e.Name}({e.Data!["reason"]},{e.Data["guest"]})",
        var name => name,
    });

    [GeneratedRegex("round (?<n>[0-9]+) ok t=[0-9]+\\r?\\n", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RoundLine();
}
