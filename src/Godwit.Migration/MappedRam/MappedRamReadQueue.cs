using Godwit.Native;
using Godwit.Wire;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Migration;

/// <summary>Pieces of a mapped-ram file to be read into guest memory by the threads of the data channels.</summary>
internal sealed class MappedRamReadQueue : IDisposable
{
    private const int MaxQueued = 256;

    private readonly object _lock = new();
    private readonly Queue<(PageRun Run, long Offset)> _pieces = new(MaxQueued);
    private readonly Thread[] _threads;
    private readonly IReadOnlyList<Channel> _channels;
    private readonly Action<PageRun> _stored;
    private int _busy;
    private bool _ends;
    private Exception? _firstError;

    /// <summary>Starts a thread per channel.</summary>
    /// <param name="channels">The file, opened once for each thread.</param>
    /// <param name="stored">Told of each piece when it is in memory, on the thread that read it.</param>
    public MappedRamReadQueue(IReadOnlyList<Channel> channels, Action<PageRun> stored)
    {
        _channels = channels;
        _stored = stored;
        _threads = [.. channels.Select((channel, i) => new Thread(() => Run(channel)) { IsBackground = true, Name = $"multifd receive {i}" })];
        foreach (Thread thread in _threads)
            thread.Start();
    }

    /// <summary>Reads a piece.</summary>
    /// <exception cref="StreamFormatException">The file ends before.</exception>
    public static void Read(Channel channel, in PageRun run, long offset)
    {
        HostRange range = run.Block.GetHostRange(run.Start, run.LengthBytes);
        long count = channel.ReadAt(offset, range);
        if (count != range.LengthBytes)
        {
            throw new StreamFormatException(
                $"pages of block \"{run.Block.IdString}\" lie behind the end of the file", offset + count, "ram",
                $"{range.LengthBytes} bytes", Number(count));
        }
    }

    /// <summary>Queues a piece; waits while too many are queued.</summary>
    public void Add(in PageRun run, long offset)
    {
        lock (_lock)
        {
            while (_pieces.Count >= MaxQueued && _firstError is null)
                Monitor.Wait(_lock);
            ThrowIfFailed();
            _pieces.Enqueue((run, offset));
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Waits until everything is read.</summary>
    public void Wait()
    {
        lock (_lock)
        {
            while ((_pieces.Count > 0 || _busy > 0) && _firstError is null)
                Monitor.Wait(_lock);
            ThrowIfFailed();
        }
    }

    /// <summary>Ends the threads; nothing is written to guest memory afterwards.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _ends = true;
            Monitor.PulseAll(_lock);
        }

        foreach (Channel channel in _channels)
            channel.Shutdown();
        foreach (Thread thread in _threads)
            thread.Join();
    }

    private void Run(Channel channel)
    {
        try
        {
            while (TryTake(out PageRun run, out long offset))
            {
                Read(channel, run, offset);
                _stored(run);
                lock (_lock)
                {
                    _busy--;
                    Monitor.PulseAll(_lock);
                }
            }
        }
        catch (Exception e)
        {
            lock (_lock)
            {
                _firstError ??= e;
                Monitor.PulseAll(_lock);
            }
        }
    }

    private bool TryTake(out PageRun run, out long offset)
    {
        lock (_lock)
        {
            while (_pieces.Count == 0 && !_ends)
                Monitor.Wait(_lock);
            if (_ends || _firstError is not null)
            {
                (run, offset) = (default, 0);
                return false;
            }

            (run, offset) = _pieces.Dequeue();
            _busy++;
            Monitor.PulseAll(_lock);
            return true;
        }
    }

    private void ThrowIfFailed()
    {
        if (_firstError is { } cause)
            throw cause is MigrationException ? cause : new MigrationFailedException(cause.Message, cause);
    }
}
