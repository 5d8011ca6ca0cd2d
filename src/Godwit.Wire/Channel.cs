using Godwit.Native;

namespace Godwit.Wire;

/// <summary>A blocking byte channel, one-way or duplex.</summary>
/// <remarks>
/// One thread may read while another writes; neither direction takes two threads at once.
/// <see cref="Shutdown"/> and <see cref="Fail"/> may be called from any thread at any time and wake both.
/// After a failure every call throws with the message of the first cause.
/// </remarks>
public abstract class Channel : IDisposable
{
    private Exception? _firstError;
    private volatile bool _isShutDown;
    private long _bytesRead;
    private long _bytesWritten;

    /// <summary>Makes a channel that is called <paramref name="description"/> in messages.</summary>
    protected Channel(string description) => Description = description;

    /// <summary>What the channel is called in messages, for instance <c>tcp:127.0.0.1:4444</c>.</summary>
    public string Description { get; }

    /// <summary>Whether <see cref="Peek"/> works (sockets).</summary>
    public virtual bool CanPeek => false;

    /// <summary>Whether one call can read into several ranges.</summary>
    public virtual bool CanScatter => false;

    /// <summary>Whether bytes can come back: the channel is duplex.</summary>
    public virtual bool HasReturnPath => false;

    /// <summary>Whether <see cref="ReadAt"/> and <see cref="WriteAt"/> work and the position can be moved (files).</summary>
    public virtual bool IsSeekable => false;

    /// <summary>The file offset at which the next <see cref="Read"/> or <see cref="Write(ReadOnlySpan{byte})"/> happens, in bytes.</summary>
    /// <exception cref="NotSupportedException">The channel is not seekable.</exception>
    public virtual long FilePosition
    {
        get => throw NotSeekable();
        set => throw NotSeekable();
    }

    /// <summary>
    /// How long a read may wait for a byte before the channel fails; null (the default) for ever. Kinds that cannot wait, such as files, ignore it.
    /// </summary>
    public virtual TimeSpan? ReadTimeout { get; set; }

    /// <summary>How long a write may wait for room for a byte before the channel fails; null (the default) for ever.</summary>
    public virtual TimeSpan? WriteTimeout { get; set; }

    /// <summary>Has a write wait while so many bytes wait in the host to be sent; what is on its way does not count. Only TCP sockets heed it.</summary>
    /// <param name="bytes">At least 1.</param>
    public virtual void LimitUnsent(int bytes)
    {
        // The others have no such limit.
    }

    /// <summary>Bytes read so far.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesRead);

    /// <summary>Bytes written so far.</summary>
    public long BytesWritten => Interlocked.Read(ref _bytesWritten);

    /// <summary>The first failure of this channel, whoever saw it.</summary>
    public Exception? FirstError => Volatile.Read(ref _firstError);

    /// <summary>Whether the channel was shut down from this side.</summary>
    public bool IsShutDown => _isShutDown;

    /// <summary>Reads at least one byte, waiting for it.</summary>
    /// <returns>The number of bytes read; 0 at the end of the stream, or when <paramref name="buffer"/> is empty.</returns>
    /// <exception cref="ChannelException">The channel failed or was shut down from this side.</exception>
    public int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        ThrowIfUnusable();
        try
        {
            var count = ReadCore(buffer);
            // A local shutdown looks like the peer's end of stream; it must not be taken for one.
            if (count == 0)
                ThrowIfUnusable();
            Interlocked.Add(ref _bytesRead, count);
            return count;
        }
        catch (Exception e) when (e is ChannelException or ObjectDisposedException)
        {
            throw Failed(e);
        }
    }

    /// <summary>Reads what has come into several ranges in order, waiting for the first byte; 0 at the end of the stream.</summary>
    /// <param name="ranges">Memory that stays valid during the call; at most 1024 ranges are filled.</param>
    /// <exception cref="ChannelException">The channel failed or was shut down from this side.</exception>
    /// <exception cref="NotSupportedException"><see cref="CanScatter"/> is false.</exception>
    public long ReadScattered(ReadOnlySpan<HostRange> ranges)
    {
        ThrowIfUnusable();
        try
        {
            var count = ReadScatteredCore(ranges);
            if (count == 0)
                ThrowIfUnusable();
            Interlocked.Add(ref _bytesRead, count);
            return count;
        }
        catch (Exception e) when (e is ChannelException or ObjectDisposedException)
        {
            throw Failed(e);
        }
    }

    /// <summary>Writes all of <paramref name="bytes"/>.</summary>
    /// <exception cref="ChannelException">The channel failed or was shut down from this side.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        ThrowIfUnusable();
        try
        {
            WriteCore(bytes);
        }
        catch (Exception e) when (e is ChannelException or ObjectDisposedException)
        {
            throw Failed(e);
        }

        Interlocked.Add(ref _bytesWritten, bytes.Length);
    }

    /// <summary>Writes all of <paramref name="ranges"/> in order, without copying them.</summary>
    /// <exception cref="ChannelException">The channel failed or was shut down from this side.</exception>
    public void Write(ReadOnlySpan<HostRange> ranges)
    {
        ThrowIfUnusable();
        try
        {
            WriteCore(ranges);
        }
        catch (Exception e) when (e is ChannelException or ObjectDisposedException)
        {
            throw Failed(e);
        }

        Interlocked.Add(ref _bytesWritten, TotalBytes(ranges));
    }

    /// <summary>Looks at the next bytes without taking them; waits until there are as many as <paramref name="buffer"/> holds, or the end.</summary>
    /// <returns>How many bytes were seen; fewer than asked for only at the end of the stream.</returns>
    /// <exception cref="NotSupportedException">The channel cannot peek.</exception>
    /// <exception cref="ChannelException">The channel failed or was shut down from this side.</exception>
    public int Peek(Span<byte> buffer)
    {
        ThrowIfUnusable();
        try
        {
            var count = PeekCore(buffer);
            if (count < buffer.Length)
                ThrowIfUnusable();
            return count;
        }
        catch (Exception e) when (e is ChannelException or ObjectDisposedException)
        {
            throw Failed(e);
        }
    }

    /// <summary>Writes all of <paramref name="ranges"/> at a file offset; several threads may do so at once.</summary>
    /// <exception cref="NotSupportedException">The channel is not seekable.</exception>
    /// <exception cref="ChannelException">The file could not be written.</exception>
    public void WriteAt(long fileOffset, ReadOnlySpan<HostRange> ranges)
    {
        ThrowIfUnusable();
        try
        {
            WriteAtCore(fileOffset, ranges);
        }
        catch (Exception e) when (e is ChannelException or ObjectDisposedException)
        {
            throw Failed(e);
        }

        Interlocked.Add(ref _bytesWritten, TotalBytes(ranges));
    }

    /// <summary>Reads at a file offset; several threads may do so at once.</summary>
    /// <returns>Bytes read: fewer than asked for only at the end of the file.</returns>
    /// <exception cref="NotSupportedException">The channel is not seekable.</exception>
    /// <exception cref="ChannelException">The file could not be read.</exception>
    public long ReadAt(long fileOffset, HostRange range)
    {
        ThrowIfUnusable();
        try
        {
            var count = ReadAtCore(fileOffset, range);
            Interlocked.Add(ref _bytesRead, count);
            return count;
        }
        catch (Exception e) when (e is ChannelException or ObjectDisposedException)
        {
            throw Failed(e);
        }
    }

    /// <summary>Says that nothing more will be written; the peer reads the end of the stream. Does nothing where that has no meaning.</summary>
    /// <remarks>
    /// A socket that is closed while bytes of the peer are unread resets the connection, and what the peer has not read yet can be lost with it:
    /// whoever must be heard finishes writing, reads to the end, and closes then. A command is waited for and its status is checked.
    /// </remarks>
    /// <exception cref="ChannelException">What was written could not be delivered.</exception>
    public void FinishWriting()
    {
        ThrowIfUnusable();
        try
        {
            FinishWritingCore();
        }
        catch (Exception e) when (e is ChannelException or ObjectDisposedException)
        {
            throw Failed(e);
        }
    }

    /// <summary>Ends both directions at once and wakes every thread that is blocked in the channel. May be called more than once, from any thread.</summary>
    public void Shutdown()
    {
        _isShutDown = true;
        ShutdownCore();
    }

    /// <summary>Records <paramref name="cause"/> as the reason of failure, unless there is an earlier one, and shuts the channel down.</summary>
    public void Fail(Exception cause)
    {
        ArgumentNullException.ThrowIfNull(cause);
        Interlocked.CompareExchange(ref _firstError, cause, null);
        Shutdown();
    }

    /// <summary>Shuts down and closes the channel.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads at least one byte, or returns 0 at the end of the stream.</summary>
    protected abstract int ReadCore(Span<byte> buffer);

    /// <summary>Writes all bytes.</summary>
    protected abstract void WriteCore(ReadOnlySpan<byte> bytes);

    /// <summary>Writes all ranges.</summary>
    protected abstract void WriteCore(ReadOnlySpan<HostRange> ranges);

    /// <summary>Wakes blocked calls; called at least once per <see cref="Shutdown"/>, from any thread.</summary>
    protected abstract void ShutdownCore();

    /// <summary>Reads into several ranges; only called by <see cref="ReadScattered"/>.</summary>
    protected virtual long ReadScatteredCore(ReadOnlySpan<HostRange> ranges) => throw new NotSupportedException($"{Description} cannot scatter.");

    /// <summary>Peeks; only called by <see cref="Peek"/>.</summary>
    protected virtual int PeekCore(Span<byte> buffer) => throw new NotSupportedException($"{Description} cannot peek.");

    /// <summary>Writes at an offset; only called by <see cref="WriteAt"/>.</summary>
    protected virtual void WriteAtCore(long fileOffset, ReadOnlySpan<HostRange> ranges) => throw NotSeekable();

    /// <summary>Reads at an offset; only called by <see cref="ReadAt"/>.</summary>
    protected virtual long ReadAtCore(long fileOffset, HostRange range) => throw NotSeekable();

    /// <summary>Ends the writing direction; only called by <see cref="FinishWriting"/>.</summary>
    protected virtual void FinishWritingCore()
    {
    }

    /// <summary>Closes what the channel holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            Shutdown();
    }

    /// <summary>The sum of the lengths of <paramref name="ranges"/>, in bytes.</summary>
    protected static long TotalBytes(ReadOnlySpan<HostRange> ranges)
    {
        long total = 0;
        foreach (ref readonly var range in ranges)
            total += range.LengthBytes;
        return total;
    }

    private ChannelException Failed(Exception e)
    {
        // A call that was woken by Shutdown or Dispose reports that, not the errno that the wake-up happened to produce.
        if (e is not ChannelException failure || _isShutDown)
            return FirstError is { } earlier ? Because(earlier) : WasShutDown();
        var first = Interlocked.CompareExchange(ref _firstError, failure, null);
        return first is null ? failure : Because(first);
    }

    private void ThrowIfUnusable()
    {
        if (FirstError is { } first)
            throw Because(first);
        if (_isShutDown)
            throw WasShutDown();
    }

    private ChannelException Because(Exception first)
        => new(Description, first.Message, first is ChannelException e ? e.Errno : 0, first);

    private ChannelException WasShutDown() => new(Description, $"{Description} was shut down", Errno.ESHUTDOWN);

    private NotSupportedException NotSeekable() => new($"{Description} is not seekable.");
}
