using BenchmarkDotNet.Attributes;
using Godwit.Memory;
using Godwit.Migration;
using Godwit.Wire;

namespace Godwit.Benchmarks.Ram;

/// <summary>From dirty bits to records, into a channel that takes everything; per page. Against reading one word of each page.</summary>
public class RamSendBenchmarks
{
    private const int Pages = 64 * 1024;

    private RamFixture _machine = null!;
    private NullChannel _channel = null!;
    private OutgoingRam _outgoing = null!;

    /// <summary>What the pages hold; memory that was never touched is "untouched".</summary>
    [Params("data", "zero", "untouched")]
    public string Content { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _machine = new RamFixture(Pages);
        if (Content != "untouched")
            _machine.Block.GetSpan(default, Pages * TargetPage.SizeBytes).Fill(Content == "data" ? (byte)0x5a : (byte)0);
        _channel = new NullChannel();
        using (_machine.Memory.BigLock.Enter())
            _outgoing = new OutgoingRam(_machine.Memory, _machine, new MigrationWriter(_channel), new XbzrleStatistics());
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _outgoing.Dispose();
        _channel.Dispose();
        _machine.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Pages)]
    public int ReadAWordOfEachPage()
    {
        if (Content == "untouched")
            return 0;
        ReadOnlySpan<byte> bytes = _machine.Block.GetSpan(default, Pages * TargetPage.SizeBytes);
        int sum = 0;
        for (int at = 0; at < bytes.Length; at += TargetPage.SizeBytes)
            sum += bytes[at];
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Pages)]
    public long SyncSearchAndEncode()
    {
        _machine.MakeAllDirty();
        _outgoing.Sync();
        while (!_outgoing.WriteIteration())
        {
            // Until nothing is dirty.
        }

        return _machine.Statistics.NormalPages;
    }
}
