using System.Collections.Concurrent;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>One data channel of the source and its thread: has one job under way and another one waiting, and says when one is done.</summary>
/// <remarks>The waiting job keeps the channel busy while the migration thread looks for pages, or waits for a processor.</remarks>
internal abstract class MultiFdSendChannel : IDisposable
{
    /// <summary>Jobs that a channel may have: one under way, one waiting.</summary>
    public const int MaxJobs = 2;

    private readonly MultiFdSender _owner;
    private readonly HostSemaphore _work = new(0);
    private readonly ConcurrentQueue<PageBatch?> _jobs = new();
    private readonly ConcurrentBag<PageBatch> _empty = [new PageBatch(), new PageBatch()];
    private readonly Thread _thread;
    private volatile bool _isEnding;
    private int _jobCount;

    protected MultiFdSendChannel(MultiFdSender owner, Channel channel, int id)
    {
        _owner = owner;
        Channel = channel;
        _thread = new Thread(Run) { IsBackground = true, Name = $"multifd send {id}" };
    }

    /// <summary>Jobs that are not done yet. The migration thread adds one, the channel's thread takes it off.</summary>
    public int JobCount => Volatile.Read(ref _jobCount);

    protected Channel Channel { get; }

    /// <summary>Starts the thread.</summary>
    public void Start() => _thread.Start();

    /// <summary>Hands a batch over and takes an empty one in exchange. The channel has fewer than <see cref="MaxJobs"/> jobs.</summary>
    public PageBatch GiveBatch(PageBatch batch)
    {
        if (!_empty.TryTake(out PageBatch? empty))
            throw new InvalidOperationException("The data channel has too many jobs.");
        Give(batch);
        return empty;
    }

    /// <summary>Asks for a synchronisation packet. The channel has no job.</summary>
    public void GiveSync() => Give(null);

    /// <summary>Ends the thread. What it writes ends by the shutdown of its channel.</summary>
    public void Dispose()
    {
        _isEnding = true;
        _work.Release();
        Channel.Shutdown();
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted))
            return;
        _thread.Join();
        Close();
        _work.Dispose();
    }

    /// <summary>Sends the pages of a batch.</summary>
    protected abstract void SendPages(PageBatch batch);

    /// <summary>Sends what a synchronisation point needs.</summary>
    protected abstract void SendSync();

    /// <summary>Frees what the thread used; it has ended.</summary>
    protected virtual void Close()
    {
    }

    private void Give(PageBatch? job)
    {
        Interlocked.Increment(ref _jobCount);
        _jobs.Enqueue(job);
        _work.Release();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                _work.Wait();
                if (_isEnding || !_jobs.TryDequeue(out PageBatch? batch))
                    return;
                if (batch is null)
                {
                    SendSync();
                }
                else
                {
                    SendPages(batch);
                    batch.Clear();
                    _empty.Add(batch);
                }

                Interlocked.Decrement(ref _jobCount);
                _owner.NoteDone();
            }
        }
        catch (Exception e)
        {
            _owner.Fail(e);
        }
    }
}
