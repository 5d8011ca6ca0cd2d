using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Benchmarks;

/// <summary>Takes everything and does nothing with it.</summary>
internal sealed class NullChannel() : Channel("null")
{
    protected override int ReadCore(Span<byte> buffer) => 0;

    protected override void WriteCore(ReadOnlySpan<byte> bytes)
    {
    }

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges)
    {
    }

    protected override void ShutdownCore()
    {
    }
}
