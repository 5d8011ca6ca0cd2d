using BenchmarkDotNet.Attributes;
using Godwit.Memory;

namespace Godwit.Benchmarks.Memory;

/// <summary>The sync of 1 TiB of guest memory: the global bitmap's bits move into the bitmap of whoever copies memory.</summary>
/// <remarks>
/// A sync of a clean or sparse bitmap reads the summary of the global words and the lines that it names; one of a dense bitmap reads the words of both
/// bitmaps. The gates: sparse within 1.2 of <see cref="PlainRead"/>, dense within 2 of <see cref="PlainReadOfBoth"/>.
/// </remarks>
[MinColumn]
[WarmupCount(40)]
[IterationCount(20)]
public class BitmapSyncBenchmarks
{
    private BitmapFixture _fixture = null!;

    [Params(DirtyPattern.Clean, DirtyPattern.Sparse, DirtyPattern.Half, DirtyPattern.Dense)]
    public DirtyPattern Pattern { get; set; }

    [GlobalSetup]
    public void Create() => _fixture = new BitmapFixture(Pattern);

    [GlobalCleanup]
    public void Remove() => _fixture.Dispose();

    [IterationSetup]
    public void Refill() => _fixture.RefillForDrain();

    [Benchmark(Baseline = true)]
    public ulong PlainRead() => _fixture.ReadClient(DirtyClient.Migration);

    [Benchmark]
    public ulong PlainReadOfBoth() => _fixture.ReadClient(DirtyClient.Migration) | BitmapFixture.Read(_fixture.Own);

    [Benchmark]
    public long Sync() => _fixture.Dirty.Drain(DirtyClient.Migration, _fixture.Block.Offset, BitmapFixture.GuestBytes, _fixture.Own);
}
