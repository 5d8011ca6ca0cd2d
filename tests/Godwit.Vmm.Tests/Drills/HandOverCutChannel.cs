using Godwit.Native;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Vmm.Tests.Drills;

/// <summary>The source's end of a link that is cut at a place counted from the byte that completes the stream.</summary>
/// <param name="inner">The link.</param>
/// <param name="bytesBehind">Bytes that pass behind that byte; -1 for a cut in front of it.</param>
/// <remarks>That byte leaves in a write of its own, which is how it is found: a running guest makes every stream differ in length.</remarks>
internal sealed class HandOverCutChannel(Channel inner, long bytesBehind) : ForwardingChannel("cut", inner)
{
    private const int ConnectionReset = 104;

    private long _left = bytesBehind;

    /// <summary>Whether the byte that completes the stream was written.</summary>
    public bool IsComplete { get; private set; }

    protected override void WriteCore(ReadOnlySpan<byte> bytes)
    {
        if (!IsComplete)
        {
            Inner.Write(bytes);
            return;
        }

        int passing = (int)Math.Min(bytes.Length, _left);
        Inner.Write(bytes[..passing]);
        _left -= passing;
        if (passing < bytes.Length)
            throw CutNow();
    }

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges)
    {
        if (!IsComplete && TotalBytes(ranges) == 1 && ranges[0].AsSpan()[0] == 0)
        {
            if (_left < 0)
                throw CutNow();
            Inner.Write(ranges);
            IsComplete = true;
            if (_left == 0)
                Inner.Shutdown();
            return;
        }

        if (!IsComplete)
        {
            Inner.Write(ranges);
            return;
        }

        foreach (HostRange range in ranges)
            WriteCore(range.AsSpan());
    }

    private ChannelException CutNow()
    {
        Inner.Shutdown();
        return ChannelException.FromErrno(Description, "Unable to write to socket", ConnectionReset);
    }
}
