using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>One data channel of the source and its thread: takes one job at a time, and says when it is idle.</summary>
internal abstract class MultiFdSendChannel : IDisposable
{
    private readonly MultiFdSender _owner;
    private readonly SemaphoreSlim _work = new(0);
    private readonly Thread _thread;
    private volatile Job _job;
    private volatile bool _isIdle = true;

    protected MultiFdSendChannel(MultiFdSender owner, Channel channel, int id)
    {
        _owner = owner;
        Channel = channel;
        _thread = new Thread(Run) { IsBackground = true, Name = $"multifd send {id}" };
    }

    private enum Job
    {
        None = 0,
        Pages,
        Sync,
        Quit,
    }

    /// <summary>Whether it waits for a job. Written by both sides, each while it has the channel.</summary>
    public bool IsIdle => _isIdle;

    /// <summary>The batch that the last job left behind, empty while the channel is idle.</summary>
    public PageBatch Batch { get; private set; } = new();

    protected Channel Channel { get; }

    /// <summary>Starts the thread.</summary>
    public void Start() => _thread.Start();

    /// <summary>Hands a batch over and takes an empty one in exchange. The channel is idle.</summary>
    public PageBatch GiveBatch(PageBatch batch)
    {
        PageBatch empty = Batch;
        Batch = batch;
        Give(Job.Pages);
        return empty;
    }

    /// <summary>Asks for a synchronisation packet. The channel is idle.</summary>
    public void GiveSync() => Give(Job.Sync);

    /// <summary>Ends the thread. What it writes ends by the shutdown of its channel.</summary>
    public void Dispose()
    {
        _job = Job.Quit;
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

    private void Give(Job job)
    {
        _isIdle = false;
        _job = job;
        _work.Release();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                _work.Wait();
                Job job = _job;
                if (job == Job.Quit)
                    return;
                if (job == Job.Pages)
                {
                    SendPages(Batch);
                    Batch.Clear();
                }
                else
                {
                    SendSync();
                }

                _isIdle = true;
                _owner.NoteIdle();
            }
        }
        catch (Exception e)
        {
            _owner.Fail(e);
        }
    }
}
