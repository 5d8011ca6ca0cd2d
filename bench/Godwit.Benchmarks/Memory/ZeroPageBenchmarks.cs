using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Godwit.Memory;

namespace Godwit.Benchmarks.Memory;

/// <summary>The scan of zero pages, page by page, against a plain read of the same bytes; the gate is 80 % of its speed (a ratio of 1.25).</summary>
[MinColumn]
[WarmupCount(40)]
[IterationCount(20)]
public class ZeroPageBenchmarks
{
    private MemorySystem _system = null!;
    private RamBlock _block = null!;

    /// <summary>1 MiB stays in the core's own cache, 256 MiB in none.</summary>
    [Params(1, 256)]
    public int Mebibytes { get; set; }

    [GlobalSetup]
    public void Create()
    {
        _system = new MemorySystem();
        using var held = _system.BigLock.Enter();
        _block = MemoryRegion.CreateRam(_system, "guest", (ulong)Mebibytes << 20).RamBlock!;
        // Every page gets memory of its own; pages that were never written would share one.
        Bytes.Clear();
    }

    [GlobalCleanup]
    public void Remove() => _system.Dispose();

    [Benchmark(Baseline = true)]
    public ulong PlainRead() => BitmapFixture.Read(MemoryMarshal.Cast<byte, ulong>(Bytes));

    [Benchmark]
    public int ScanPages()
    {
        var zero = 0;
        for (var page = 0UL; page < _block.PageCount; page++)
            zero += ZeroPage.IsZero(_block.GetSpan(new PageIndex(page).ToRamOffset(), TargetPage.SizeBytes)) ? 1 : 0;
        return zero;
    }

    private Span<byte> Bytes => _block.GetSpan(new RamOffset(0), Mebibytes << 20);
}
