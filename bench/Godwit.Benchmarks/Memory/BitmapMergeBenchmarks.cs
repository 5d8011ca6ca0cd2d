using BenchmarkDotNet.Attributes;
using Godwit.Memory;

namespace Godwit.Benchmarks.Memory;

/// <summary>The merge of a dirty log's bitmap of 1 TiB of guest memory into the bitmaps of two clients.</summary>
[MinColumn]
[WarmupCount(40)]
[IterationCount(20)]
public class BitmapMergeBenchmarks
{
    private BitmapFixture _fixture = null!;

    [Params(DirtyPattern.Clean, DirtyPattern.Sparse, DirtyPattern.Half, DirtyPattern.Dense)]
    public DirtyPattern Pattern { get; set; }

    [GlobalSetup]
    public void Create() => _fixture = new BitmapFixture(Pattern);

    [GlobalCleanup]
    public void Remove() => _fixture.Dispose();

    [IterationSetup]
    public void Empty() => _fixture.EmptyForMerge();

    [Benchmark(Baseline = true)]
    public ulong PlainRead() => BitmapFixture.Read(_fixture.Pattern);

    [Benchmark]
    public ulong PlainReadOfAll()
        => BitmapFixture.Read(_fixture.Pattern) | _fixture.ReadClient(DirtyClient.Vga) | _fixture.ReadClient(DirtyClient.Migration);

    [Benchmark]
    public long Merge() => _fixture.Dirty.MergeBitmap(_fixture.Block.Offset, _fixture.Pattern, BitmapFixture.Words * 64L);
}
