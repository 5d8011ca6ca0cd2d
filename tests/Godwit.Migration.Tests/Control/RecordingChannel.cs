using Godwit.Native;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Control;

/// <summary>Keeps a copy of everything that is written.</summary>
internal sealed class RecordingChannel(Channel inner) : ForwardingChannel("recording", inner)
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

    protected override void WriteCore(ReadOnlySpan<byte> bytes)
    {
        lock (_written)
            _written.AddRange(bytes);
        Inner.Write(bytes);
    }

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges)
    {
        foreach (var range in ranges)
            WriteCore(range.AsSpan());
    }
}
