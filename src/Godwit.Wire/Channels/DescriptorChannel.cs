using System.Globalization;
using Godwit.Native;

namespace Godwit.Wire;

/// <summary>What all channels over descriptors share: whole writes out of partial ones, and errors with their texts.</summary>
internal abstract class DescriptorChannel(string description) : Channel(description)
{
    /// <summary>Ranges that are copied to restart a write in the middle of one.</summary>
    private const int RestartRanges = 64;

    /// <summary>What the errors call the thing: <c>socket</c>, <c>command</c>, <c>file</c>.</summary>
    protected abstract string Kind { get; }

    protected override int ReadCore(Span<byte> buffer)
    {
        var count = ReadSome(buffer);
        return count >= 0 ? (int)count : throw ReadError((int)-count);
    }

    protected override void WriteCore(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var count = WriteSome(bytes);
            if (count <= 0)
                throw WriteError(count == 0 ? Errno.EIO : (int)-count);
            bytes = bytes[(int)count..];
        }
    }

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges) => WriteAll(ranges, 0);

    /// <summary>Writes all ranges; <paramref name="fileOffset"/> means something to files only.</summary>
    protected void WriteAll(ReadOnlySpan<HostRange> ranges, long fileOffset)
    {
        Span<HostRange> restart = stackalloc HostRange[RestartRanges];
        long started = 0;
        while (!ranges.IsEmpty)
        {
            scoped var next = ranges;
            if (started > 0)
            {
                next = restart[..Math.Min(RestartRanges, ranges.Length)];
                ranges[..next.Length].CopyTo(restart);
                restart[0] = ranges[0].Slice(started);
            }

            var count = WriteSome(next, fileOffset);
            if (count < 0 || (count == 0 && TotalBytes(next) > 0))
                throw WriteError(count == 0 ? Errno.EIO : (int)-count);
            fileOffset += count;
            ranges = Advance(ranges, ref started, count);
        }
    }

    /// <summary>Reads some bytes; negated error number on failure.</summary>
    protected abstract long ReadSome(Span<byte> buffer);

    /// <summary>Writes some bytes; negated error number on failure.</summary>
    protected abstract long WriteSome(ReadOnlySpan<byte> bytes);

    /// <summary>Writes some of the ranges, a file at <paramref name="fileOffset"/>; negated error number on failure.</summary>
    protected abstract long WriteSome(ReadOnlySpan<HostRange> ranges, long fileOffset);

    protected virtual ChannelException ReadError(int errno) => Error($"Unable to read from {Kind}", ReadTimeout, errno);

    protected virtual ChannelException WriteError(int errno) => Error($"Unable to write to {Kind}", WriteTimeout, errno);

    private ChannelException Error(string doing, TimeSpan? timeout, int errno) => errno == Errno.EAGAIN && timeout is { } limit
        ? new ChannelException(Description, string.Create(CultureInfo.InvariantCulture, $"{doing}: no byte for {limit.TotalSeconds:0.###} s"), Errno.ETIMEDOUT)
        : ChannelException.FromErrno(Description, doing, errno);

    /// <summary>Drops what was written: whole ranges from <paramref name="ranges"/>, the rest is counted in <paramref name="started"/>.</summary>
    private static ReadOnlySpan<HostRange> Advance(ReadOnlySpan<HostRange> ranges, scoped ref long started, long count)
    {
        var done = started + count;
        var whole = 0;
        while (whole < ranges.Length && done >= ranges[whole].LengthBytes)
            done -= ranges[whole++].LengthBytes;
        started = done;
        return ranges[whole..];
    }
}
