using BenchmarkDotNet.Attributes;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Benchmarks;

/// <summary>What the writer costs per page record (8 bytes of header and a page by reference), against copying the same pages.</summary>
public class WriterBenchmarks
{
    private const int PageBytes = 4096;
    private const int Pages = 16 * 1024;

    private HostMapping _source = null!;
    private HostMapping _copy = null!;
    private MigrationWriter _writer = null!;

    [GlobalSetup]
    public void Setup()
    {
        _source = HostMapping.AllocateAnonymous((long)Pages * PageBytes);
        _copy = HostMapping.AllocateAnonymous((long)Pages * PageBytes);
        _source.GetSpan(0, Pages * PageBytes).Fill(0x5a);
        _copy.GetSpan(0, Pages * PageBytes).Fill(0xa5);
        _writer = new MigrationWriter(new NullChannel());
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _source.Dispose();
        _copy.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Pages)]
    public long CopyPages()
    {
        _source.GetSpan(0, Pages * PageBytes).CopyTo(_copy.GetSpan(0, Pages * PageBytes));
        return _copy.LengthBytes;
    }

    [Benchmark(OperationsPerInvoke = Pages)]
    public long WritePageRecords()
    {
        for (var page = 0; page < Pages; page++)
        {
            _writer.WriteUInt64(((ulong)page * PageBytes) | 0x28);
            _writer.WriteByReference(_source.GetRange((long)page * PageBytes, PageBytes));
        }

        _writer.Flush();
        return _writer.Position;
    }
}
