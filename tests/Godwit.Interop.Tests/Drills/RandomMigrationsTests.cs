using System.Globalization;
using System.Runtime.CompilerServices;
using Godwit.Migration;
using Godwit.Testing;
using Godwit.Vmm.Tests;
using Godwit.Wire;
using Xunit.Abstractions;

namespace Godwit.Interop.Tests;

/// <summary>
/// A guest that never stops writing is migrated two hundred times with features drawn by lot; a third are cancelled, a third lose a channel.
/// Counts what the process holds, so nothing else may run beside it.
/// </summary>
/// <remarks><c>GODWIT_DRAW_SEED</c> chooses another series, <c>GODWIT_DRAW_COUNT</c> another length; the seed is printed.</remarks>
[Collection(nameof(HundredHopsTests))]
public sealed class RandomMigrationsTests : IDisposable
{
    private const int RamBytes = 32 << 20;
    private const int WorkingSetPages = 1024;

    /// <summary>Until then the runtime's compiled code and caches grow.</summary>
    private const int WarmUp = 80;

    private readonly ITestOutputHelper _output;

    /// <summary>On a disk: memory file systems know no direct transfers.</summary>
    private readonly string _file = Path.Combine(AppContext.BaseDirectory, $"drawn-{Guid.NewGuid():n}");

    private readonly TemporaryDirectory _directory = new();
    private readonly int _seed = Setting("GODWIT_DRAW_SEED", 20251);
    private readonly int _count = Setting("GODWIT_DRAW_COUNT", 200);
    private readonly Dictionary<string, int> _outcomes = new(StringComparer.Ordinal);
    private TestMachine _current = Make(isIncoming: false);

    public RandomMigrationsTests(ITestOutputHelper output) => _output = output;

    [Fact]
    public void Migrate_FeaturesAndFatesDrawnByLot_GuestIsNeverLostNeverDoubled()
    {
        _output.WriteLine($"seed {_seed}");
        var random = new Random(_seed);
        _current.Vm.Start();
        Draw(random, 0, WarmUp);
        ProcessHoldings before = ProcessHoldings.Measure();

        Draw(random, WarmUp, _count);

        ProcessHoldings.Measure().AssertNoMoreThan(before);
        _output.WriteLine(string.Join(", ", _outcomes));
        foreach (string outcome in new[] { "completed", "cancelled", "failed" })
            Assert.True(_outcomes.GetValueOrDefault(outcome) >= _count / 8, $"seed {_seed}: {string.Join(", ", _outcomes)}");
    }

    public void Dispose()
    {
        _current.Dispose();
        _directory.Dispose();
        File.Delete(_file);
    }

    private static int Setting(string name, int value) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : value;

    private static TestMachine Make(bool isIncoming) => new(isIncoming, events: false, change: options => options with
    {
        RamBytes = RamBytes,
        Staircase = options.Staircase! with { RamBytes = RamBytes, WorkingSetPages = WorkingSetPages, PagesPerSecond = 20_000, ReportRounds = 1 },
    });

    /// <summary>A call of its own: nothing of it is left on the stack when the process is measured.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Draw(Random random, int first, int end)
    {
        for (int number = first; number < end; number++)
        {
            FeatureDraw draw = FeatureDraw.Draw(random);
            try
            {
                Migrate(draw);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {_seed}, number {number}, {draw}: {e.Message}", e);
            }
        }

        // A machine that received all its zero pages in full has memory for them; this one has what the guest uses.
        Migrate(FeatureDraw.Plain);
    }

    private void Migrate(FeatureDraw draw)
    {
        TestMachine source = _current;
        TestMachine target = Make(isIncoming: true);
        try
        {
            draw.ApplyTo(source.Vm.Settings);
            draw.ApplyTo(target.Vm.Settings);
            if (draw.Transport == "file")
                ThroughFile(draw, source, target);
            else
                ThroughSockets(draw, source, target);
            if (Decide(source, target))
                (_current, target) = (target, source);
        }
        finally
        {
            target.Dispose();
        }

        AssertRunsSoundly(source);
    }

    private void ThroughFile(FeatureDraw draw, TestMachine source, TestMachine target)
    {
        MigrationAddress address = MigrationAddress.ParseUri("file:" + _file);
        File.Delete(_file);
        source.Vm.Outgoing.Start(address);
        CancelInTime(draw, source);
        WaitForEnd(source);
        if (source.Vm.Outgoing.Status != MigrationStatus.Completed)
            return;
        if (draw.Fate == "cut")
        {
            using FileStream file = File.OpenWrite(_file);
            file.SetLength((long)(file.Length * draw.AfterShare));
        }

        target.Vm.Incoming.Listen(address, exitOnError: false);
        Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline), $"the target is {target.Vm.Incoming.Status}");
        if (target.Vm.Incoming.Status == MigrationStatus.Completed)
            return;
        Count("failed");
        Assert.Equal("cut", draw.Fate);
        Assert.NotNull(target.Vm.Incoming.ErrorDescription);
        Assert.Equal(RunState.PostMigrate, source.Vm.RunState);
        source.Vm.Continue();
    }

    private void ThroughSockets(FeatureDraw draw, TestMachine source, TestMachine target)
    {
        target.Vm.Incoming.Listen(
            MigrationAddress.ParseUri(draw.Transport == "tcp" ? "tcp:127.0.0.1:0" : $"unix:{_directory.File("target")}"), exitOnError: false);
        MigrationAddress address = Assert.Single(target.Vm.Incoming.ListenAddresses);
        using CuttingProxy? proxy = draw.Fate == "cut"
            ? new CuttingProxy(address, _directory.File("proxy"), draw.CutConnection, BytesOf(draw.AfterShare / Math.Max(1, draw.Channels)))
            : null;
        source.Vm.Outgoing.Start(proxy?.Address ?? address);
        CancelInTime(draw, source);
        WaitForEnd(source);
        if (source.Vm.Outgoing.Status != MigrationStatus.Completed)
            Assert.NotEqual("none", draw.Fate);

        // A connection that was cut or never made may have left the target without anything to load.
        if (target.Vm.Incoming.Status == MigrationStatus.None || target.Vm.Incoming.Status == MigrationStatus.Setup)
            return;
        Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline), $"the target is {target.Vm.Incoming.Status}");
    }

    /// <summary>Whether the guest is at the target now. One of the two has it, and only one.</summary>
    private bool Decide(TestMachine source, TestMachine target)
    {
        Assert.False(source.Vm.IsRunning && target.Vm.IsRunning, "the guest runs twice");
        MigrationStatus status = source.Vm.Outgoing.Status;
        if (target.Vm.IsRunning)
        {
            Assert.Equal(RunState.PostMigrate, source.Vm.RunState);
            Assert.True(status == MigrationStatus.Completed || source.Vm.Outgoing.IsUndecided, $"the source is {status}");
            Count("completed");
            return true;
        }

        if (source.Vm.Outgoing.IsUndecided)
        {
            // The source cannot know; whoever sees that the target does not run the guest lets it go on.
            Assert.Contains("may run the guest", source.Vm.Outgoing.ErrorDescription, StringComparison.Ordinal);
            source.Vm.Continue();
        }

        Assert.True(source.Vm.IsRunning, $"nobody runs: the source is {source.Vm.RunState} and {status}, the target {target.Vm.RunState}");
        if (status != MigrationStatus.Completed)
            Count(status == MigrationStatus.Cancelled ? "cancelled" : "failed");
        return false;
    }

    private void AssertRunsSoundly(TestMachine source)
    {
        int have = _current.Rounds.Length;
        _current.WaitForRounds(have + 2);
        _current.AssertSound();
        _current.Vm.Continue();
        if (ReferenceEquals(source, _current))
            return;
        ulong[] rounds = TestMachine.RoundsOf(source.Text + _current.Text);
        for (int i = 1; i < rounds.Length; i++)
            Assert.Equal(rounds[i - 1] + 1, rounds[i]);
    }

    private static void CancelInTime(FeatureDraw draw, TestMachine source)
    {
        if (draw.Fate != "cancel")
            return;
        long bytes = BytesOf(draw.AfterShare);
        TestMachine.WaitFor(
            () => source.Vm.Outgoing.Statistics.TransferredBytes >= bytes
                || source.Vm.Outgoing.Status is MigrationStatus.Completed or MigrationStatus.Failed,
            "some bytes");
        source.Vm.Outgoing.Cancel();
    }

    private static void WaitForEnd(TestMachine source) =>
        Assert.True(source.Vm.Outgoing.WaitForEnd(TestMachine.Deadline), $"the source is {source.Vm.Outgoing.Status}");

    /// <summary>A share of what a migration sends: the working set, and some of it again.</summary>
    private static long BytesOf(double share) => (long)(share * WorkingSetPages * 4096 * 1.2);

    private void Count(string outcome) => _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
}
