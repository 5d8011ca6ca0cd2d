using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Control;

/// <summary>Keeps a copy of everything that is written.</summary>
internal sealed class RecordingChannel(Channel inner) : Channel("recording")
{
    private readonly List<byte> _written = [];

    public byte[] Written
    {
        get
        {
            lock (_written)
                return [.. _written];
        }
    }

    public override bool HasReturnPath => inner.HasReturnPath;

    protected override int ReadCore(Span<byte> buffer) => inner.Read(buffer);

    protected override void WriteCore(ReadOnlySpan<byte> bytes)
    {
        lock (_written)
            _written.AddRange(bytes);
        inner.Write(bytes);
    }

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges)
    {
        foreach (var range in ranges)
            WriteCore(range.AsSpan());
    }

    protected override void FinishWritingCore() => inner.FinishWriting();

    protected override void ShutdownCore() => inner.Shutdown();

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            inner.Dispose();
    }
}
