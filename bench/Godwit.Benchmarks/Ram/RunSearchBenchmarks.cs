using BenchmarkDotNet.Attributes;
using Godwit.Memory;
using Godwit.Migration;

namespace Godwit.Benchmarks.Ram;

/// <summary>A whole round of the page search over 16 GiB of guest memory, with every nth page dirty; per round.</summary>
public class RunSearchBenchmarks
{
    private const int Pages = 4 * 1024 * 1024;

    private RamFixture _machine = null!;
    private MigrationBitmap _bitmap = null!;
    private PageSearch _search = null!;
    private ulong[] _pattern = null!;

    /// <summary>One page in so many is dirty; 0 for none.</summary>
    [Params(0, 1, 64, 4096)]
    public int OneIn { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _machine = new RamFixture(Pages);
        _pattern = new ulong[Pages / TargetPage.PerWord];
        for (int page = 0; OneIn != 0 && page < Pages; page += OneIn)
            _pattern[page / TargetPage.PerWord] |= 1UL << (page % TargetPage.PerWord);
        _bitmap = new MigrationBitmap(_machine.Memory, [_machine.Block]);
        _bitmap.Forget(_bitmap.Blocks[0], 0, Pages);
        _search = new PageSearch(_bitmap);
        _machine.Memory.Dirty.GlobalTrackingEnabled = true;
        _machine.Memory.Dirty.TestAndClear(_machine.Block.Offset, _machine.Block.UsedLengthBytes, DirtyClient.Migration);
    }

    [GlobalCleanup]
    public void Cleanup() => _machine.Dispose();

    [Benchmark]
    public long MergeSyncAndSearch()
    {
        _machine.Memory.Dirty.MergeBitmap(_machine.Block.Offset, _pattern, Pages);
        _bitmap.Sync(lastStage: false);
        long found = 0;
        _search.Begin();
        while (true)
        {
            PageSearchOutcome outcome = _search.Next(OutgoingRam.PagesPerClockCheck, out PageRun run);
            if (outcome == PageSearchOutcome.Clean)
                return found;
            found += run.Count;
        }
    }
}
