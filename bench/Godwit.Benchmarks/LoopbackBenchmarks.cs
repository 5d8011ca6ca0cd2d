using BenchmarkDotNet.Attributes;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Benchmarks;

/// <summary>Page records over a loopback connection to a reader that places them, as a migration does; time per page.</summary>
public class LoopbackBenchmarks
{
    private const int PageBytes = 4096;
    private const int Pages = 64 * 1024;

    private HostMapping _source = null!;
    private HostMapping _destination = null!;
    private IChannelListener _listener = null!;
    private Channel _outgoing = null!;
    private Channel _incoming = null!;
    private MigrationWriter _writer = null!;
    private Thread _reader = null!;
    private long _placed;

    /// <summary>The transport.</summary>
    [Params("tcp", "unix")]
    public string Transport { get; set; } = "tcp";

    [GlobalSetup]
    public void Setup()
    {
        _source = HostMapping.AllocateShared("source", (long)Pages * PageBytes);
        _destination = HostMapping.AllocateShared("destination", (long)Pages * PageBytes);
        _source.GetSpan(0, Pages * PageBytes).Fill(0x5a);
        _destination.GetSpan(0, Pages * PageBytes).Fill(0xa5);
        _listener = ChannelFactory.Listen(
            Transport == "tcp" ? new TcpAddress("127.0.0.1", "0") : new UnixAddress($"godwit-bench-{Environment.ProcessId}", IsAbstract: true));
        _outgoing = ChannelFactory.Connect(_listener.LocalAddress);
        _incoming = _listener.Accept();
        _writer = new MigrationWriter(_outgoing);
        _reader = new Thread(Place) { IsBackground = true };
        _reader.Start();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _outgoing.Dispose();
        _reader.Join();
        _incoming.Dispose();
        _listener.Dispose();
        _source.Dispose();
        _destination.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Pages)]
    public long SendPageRecords()
    {
        var target = Interlocked.Read(ref _placed) + Pages;
        for (var page = 0; page < Pages; page++)
        {
            _writer.WriteUInt64(((ulong)page * PageBytes) | 0x28);
            _writer.WriteByReference(_source.GetRange((long)page * PageBytes, PageBytes));
        }

        _writer.Flush();
        SpinWait.SpinUntil(() => Interlocked.Read(ref _placed) == target);
        return _writer.Position;
    }

    private void Place()
    {
        var reader = new MigrationReader(_incoming);
        while (!reader.IsAtEnd())
        {
            var offset = (long)(reader.ReadUInt64() & ~0xffful);
            reader.ReadExactly(_destination.GetRange(offset, PageBytes));
            Interlocked.Increment(ref _placed);
        }
    }
}
