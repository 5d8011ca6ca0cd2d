using BenchmarkDotNet.Attributes;
using Godwit.Memory;

namespace Godwit.Benchmarks.Memory;

/// <summary>The search for every dirty page of 1 TiB of guest memory, against a plain read of the bitmap.</summary>
[MinColumn]
[WarmupCount(40)]
[IterationCount(20)]
public class PageSearchBenchmarks
{
    private BitmapFixture _fixture = null!;

    [Params(DirtyPattern.Clean, DirtyPattern.Sparse)]
    public DirtyPattern Pattern { get; set; }

    [GlobalSetup]
    public void Create() => _fixture = new BitmapFixture(Pattern);

    [GlobalCleanup]
    public void Remove() => _fixture.Dispose();

    [Benchmark(Baseline = true)]
    public ulong PlainRead() => BitmapFixture.Read(_fixture.Pattern);

    [Benchmark]
    public ulong FindAll()
    {
        const ulong Pages = (ulong)BitmapFixture.Words * 64;
        ulong found = 0;
        for (var page = PageBitmap.FindNextSet(_fixture.Pattern, 0, Pages); page < Pages; page = PageBitmap.FindNextSet(_fixture.Pattern, page + 1, Pages))
            found++;
        return found;
    }
}
