using System.Globalization;

namespace Godwit.Memory.Tests;

public sealed class MemoryListenerPropertyTests
{
    private static readonly string[] _ascendingCallbacks = ["globalstart", "begin", "commit", "sync", "clear", "aftersync"];

    [Fact]
    public void Replay_RandomTransactions_ReproducesViewAndMasksWithoutOverlap() => Seeds.ForAll(seed =>
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var tree = new RandomTree(system, seed, 14);
        var space = system.CreateAddressSpace("memory", tree.Root);
        var mirror = new Mirror();
        space.RegisterListener(mirror);
        var random = new Random(seed);
        for (var i = 0; i < 12; i++)
        {
            using (system.BeginTransaction())
            {
                for (var changes = random.Next(1, 5); changes > 0; changes--)
                    tree.Mutate();
            }
            if (random.Next(4) == 0)
            {
                if (system.GlobalTracking == GlobalDirtyTracking.None)
                    system.StartGlobalLogging(GlobalDirtyTracking.Migration);
                else
                    system.StopGlobalLogging(GlobalDirtyTracking.Migration);
            }
            var expected = space.CurrentView.Ranges.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r} {(int)r.DirtyLogMask}"));
            if (!string.Equals(string.Join('\n', expected), mirror.Text(), StringComparison.Ordinal))
                return false;
        }
        space.UnregisterListener(mirror);
        return mirror.Text().Length == 0;
    });

    [Fact]
    public void Callbacks_RandomPriorities_AscendingAndDescending() => Seeds.ForAll(
        seed =>
        {
            var random = new Random(seed);
            using var system = new MemorySystem();
            using var held = system.BigLock.Enter();
            var root = MemoryRegion.CreateContainer(system, "root", 0x10000);
            var ram = MemoryRegion.CreateRam(system, "ram", 0x1000);
            root.AddSubregion(ram, 0);
            var spaces = new[] { system.CreateAddressSpace("one", root), system.CreateAddressSpace("two", root) };
            var calls = new List<(string What, int Listener)>();
            var priorities = new List<int>();
            for (var i = 0; i < 8; i++)
            {
                priorities.Add(random.Next(4));
                spaces[random.Next(2)].RegisterListener(new Counter(i, priorities[i], calls));
            }
            var ascending = Enumerable.Range(0, 8).OrderBy(i => priorities[i]).ToArray();
            calls.Clear();
            system.StartGlobalLogging(GlobalDirtyTracking.Migration);
            system.SyncDirtyLog(lastStage: false);
            system.ClearDirtyLog(ram.RamBlock!, new RamOffset(0), 0x1000);
            system.AfterSync();
            system.StopGlobalLogging(GlobalDirtyTracking.Migration);
            return _ascendingCallbacks.All(what => Order(what).SequenceEqual(ascending))
                && Order("globalstop").SequenceEqual(ascending.Reverse());

            IEnumerable<int> Order(string what)
                => calls.Where(call => string.Equals(call.What, what, StringComparison.Ordinal)).Take(8).Select(call => call.Listener);
        },
        50);

    /// <summary>Keeps the live ranges with their masks from callbacks alone.</summary>
    private sealed class Mirror : MemoryListener
    {
        private readonly SortedDictionary<ulong, (FlatRange Range, DirtyClientMask Mask)> _live = [];
        private bool _isRegistering = true;

        public override void Commit() => _isRegistering = false;

        public override void RegionAdd(MemorySection section)
        {
            foreach (var (_, (range, _)) in _live)
            {
                if (range.Start.Value <= section.Range.Last.Value && section.Start.Value <= range.Last.Value)
                    throw new InvalidOperationException($"{section.Range} is added over {range}.");
            }
            // A registration tells the mask by log_start; later the mask of a new range is that of its region.
            _live.Add(section.Start.Value, (section.Range, _isRegistering ? DirtyClientMask.None : section.Region.DirtyLogMask));
        }

        public override void RegionDelete(MemorySection section)
        {
            if (!_live.Remove(section.Start.Value, out var gone) || !string.Equals(gone.Range.ToString(), section.Range.ToString(), StringComparison.Ordinal))
                throw new InvalidOperationException($"{section.Range} is deleted but was not there.");
        }

        public override void LogStart(MemorySection section, DirtyClientMask oldMask, DirtyClientMask newMask) => SetMask(section, oldMask, newMask);

        public override void LogStop(MemorySection section, DirtyClientMask oldMask, DirtyClientMask newMask) => SetMask(section, oldMask, newMask);

        public string Text() => string.Join('\n', _live.Values.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Range} {(int)e.Mask}")));

        private void SetMask(MemorySection section, DirtyClientMask oldMask, DirtyClientMask newMask)
        {
            var (range, mask) = _live[section.Start.Value];
            // A change in both directions is told by both calls, with the same two masks.
            if (mask != oldMask && mask != newMask)
                throw new InvalidOperationException($"{range} has mask {mask}, not {oldMask}.");
            _live[section.Start.Value] = (section.Range, newMask);
        }
    }

    private sealed class Counter(int number, int priority, List<(string What, int Listener)> calls) : MemoryListener
    {
        public override int Priority => priority;

        public override void Begin() => calls.Add(("begin", number));

        public override void Commit() => calls.Add(("commit", number));

        public override void LogSync(MemorySection section) => calls.Add(("sync", number));

        public override void LogClear(MemorySection section) => calls.Add(("clear", number));

        public override bool LogGlobalStart(out string? error)
        {
            calls.Add(("globalstart", number));
            error = null;
            return true;
        }

        public override void LogGlobalStop() => calls.Add(("globalstop", number));

        public override void LogGlobalAfterSync() => calls.Add(("aftersync", number));
    }
}
