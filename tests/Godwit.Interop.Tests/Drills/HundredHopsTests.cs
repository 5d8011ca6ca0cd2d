using System.Runtime.CompilerServices;
using Godwit.Machine;
using Godwit.Migration;
using Godwit.Testing;
using Godwit.Vmm;
using Godwit.Wire;

namespace Godwit.Interop.Tests;

/// <summary>A guest goes back and forth a hundred times inside one process. Counts what the process holds, so nothing else may run beside it.</summary>
[Collection(nameof(HundredHopsTests))]
[CollectionDefinition(nameof(HundredHopsTests), DisableParallelization = true)]
public sealed class HundredHopsTests : IDisposable
{
    private const ulong RamBytes = 8 << 20;

    /// <summary>Until then the runtime's compiled code and caches grow.</summary>
    private const int WarmUpHops = 50;
    private const int Hops = 100;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();
    private Hop _current = Start(isIncoming: false);
    private ulong _lastRound;

    [Fact]
    public void Migrate_HundredHops_LeavesNoDescriptorThreadOrPageBehind()
    {
        _current.Machine.Start();
        WaitForRound();
        HopTimes(WarmUpHops);
        ProcessHoldings before = ProcessHoldings.Measure();

        HopTimes(Hops);

        ProcessHoldings.Measure().AssertNoMoreThan(before);
        _current.Machine.Stop();
        StaircaseReport memory = _current.Machine.CheckStaircase();
        Assert.True(memory.IsSound, string.Join('\n', memory.Violations));
        Assert.True(memory.Round >= _lastRound);
    }

    public void Dispose()
    {
        _current.Machine.Dispose();
        _directory.Dispose();
    }

    /// <summary>A call of its own: nothing of it is left on the stack when the process is measured.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void HopTimes(int count)
    {
        for (int hop = 0; hop < count; hop++)
            MoveOn(hop);
    }

    private void MoveOn(int number)
    {
        Hop next = Start(isIncoming: true);
        using VirtualMachine source = _current.Machine;
        _current = next;
        next.Machine.Incoming.Listen(
            MigrationAddress.ParseUri(number % 2 == 0 ? "tcp:127.0.0.1:0" : $"unix:{_directory.File("hop")}"), exitOnError: false);
        source.Outgoing.Start(Assert.Single(next.Machine.Incoming.ListenAddresses));
        Assert.True(source.Outgoing.WaitForEnd(_deadline), $"hop {number}: {source.Outgoing.Status}");
        Assert.True(next.Machine.Incoming.WaitForEnd(_deadline), $"hop {number}: {next.Machine.Incoming.Status}");
        Assert.True(source.Outgoing.Status == MigrationStatus.Completed, $"hop {number}: {source.Outgoing.ErrorDescription}");
        WaitForRound();
    }

    private static Hop Start(bool isIncoming)
    {
        var console = new RingCharBackend();
        var machine = new VirtualMachine(new VmOptions
        {
            RamBytes = RamBytes,
            IsIncoming = isIncoming,
            Serial = console,
            Staircase = new StaircaseOptions { RamBytes = RamBytes, WorkingSetPages = 256, PagesPerSecond = 20_000 },
        });
        machine.Settings.SetCapabilities([KeyValuePair.Create("return-path", true)]);
        return new Hop(machine, console);
    }

    /// <summary>Waits for a round after all that were printed before.</summary>
    private void WaitForRound()
    {
        ulong after = _lastRound;
        Assert.True(
            SpinWait.SpinUntil(() => (_lastRound = StaircaseVm.Rounds(_current.Console.GetText()).LastOrDefault()) > after, _deadline),
            $"no round after {after}: {_current.Console.GetText()}");
        Assert.DoesNotContain("VIOLATION", _current.Console.GetText(), StringComparison.Ordinal);
    }

    private sealed record Hop(VirtualMachine Machine, RingCharBackend Console);
}
