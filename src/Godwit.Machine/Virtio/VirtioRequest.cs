namespace Godwit.Machine;

/// <summary>A chain of descriptors that a device took from a ring: what the driver wrote for it, and where it may answer.</summary>
/// <param name="QueueIndex">The ring.</param>
/// <param name="Head">Number of the first descriptor, which goes back into the used ring.</param>
/// <param name="Out">Memory to read.</param>
/// <param name="In">Memory to write.</param>
public sealed record VirtioRequest(int QueueIndex, uint Head, IReadOnlyList<VirtioSegment> Out, IReadOnlyList<VirtioSegment> In)
{
    /// <summary>Bytes to read.</summary>
    public ulong OutBytes => Sum(Out);

    /// <summary>Room for the answer in bytes.</summary>
    public ulong InBytes => Sum(In);

    /// <summary>Reads from the driver's part; false when it is too short or not in RAM.</summary>
    public bool TryRead(GuestDma dma, ulong offset, Span<byte> destination) => Copy(Out, offset, destination.Length, destination, default, dma);

    /// <summary>Writes into the device's part; false when it is too short or not in RAM.</summary>
    public bool TryWrite(GuestDma dma, ulong offset, ReadOnlySpan<byte> source) => Copy(In, offset, source.Length, default, source, dma);

    private static ulong Sum(IReadOnlyList<VirtioSegment> segments)
    {
        ulong sum = 0;
        foreach (VirtioSegment segment in segments)
            sum += segment.LengthBytes;
        return sum;
    }

    private static bool Copy(
        IReadOnlyList<VirtioSegment> segments, ulong offset, int length, Span<byte> destination, ReadOnlySpan<byte> source, GuestDma dma)
    {
        int done = 0;
        foreach (VirtioSegment segment in segments)
        {
            if (done == length)
                return true;
            if (offset >= segment.LengthBytes)
            {
                offset -= segment.LengthBytes;
                continue;
            }

            int count = (int)Math.Min((ulong)(length - done), segment.LengthBytes - offset);
            bool succeeded = destination.IsEmpty
                ? dma.TryWrite(segment.Address + offset, source.Slice(done, count))
                : dma.TryRead(segment.Address + offset, destination.Slice(done, count));
            if (!succeeded)
                return false;
            done += count;
            offset = 0;
        }

        return done == length;
    }
}
