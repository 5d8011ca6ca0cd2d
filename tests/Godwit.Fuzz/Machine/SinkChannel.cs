using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>Takes the answers of a destination.</summary>
internal sealed class SinkChannel() : Channel("sink")
{
    public override bool HasReturnPath => true;

    public List<byte> Written { get; } = [];

    protected override int ReadCore(Span<byte> buffer) => 0;

    protected override void WriteCore(ReadOnlySpan<byte> bytes) => Written.AddRange(bytes);

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges)
    {
        foreach (HostRange range in ranges)
            WriteCore(range.AsSpan());
    }

    protected override void ShutdownCore()
    {
    }
}
