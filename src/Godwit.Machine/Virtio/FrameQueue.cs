using System.Diagnostics.CodeAnalysis;

namespace Godwit.Machine;

/// <summary>Frames that have arrived and wait for the guest; a bounded number, the newest are dropped.</summary>
internal sealed class FrameQueue
{
    /// <summary>Longest Ethernet frame that is taken: what a network card of these machines can be offered.</summary>
    public const int MaximumFrameBytes = 65_550;

    private const int MaximumFrames = 512;

    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _frames = new();

    public void Add(ReadOnlySpan<byte> frame)
    {
        lock (_lock)
        {
            if (_frames.Count < MaximumFrames)
                _frames.Enqueue(frame.ToArray());
        }
    }

    public bool TryTake([NotNullWhen(true)] out byte[]? frame)
    {
        lock (_lock)
            return _frames.TryDequeue(out frame);
    }

    public int Take(Span<byte> destination)
    {
        if (!TryTake(out byte[]? frame))
            return 0;
        int count = Math.Min(frame.Length, destination.Length);
        frame.AsSpan(0, count).CopyTo(destination);
        return count;
    }
}
