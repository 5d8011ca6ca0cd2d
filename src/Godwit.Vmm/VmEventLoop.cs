using System.Collections.Concurrent;

namespace Godwit.Vmm;

/// <summary>One thread that does what may not be done where it is asked for, such as stopping the CPUs on a CPU's own thread.</summary>
internal sealed class VmEventLoop : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Action<Exception> _failed;
    private readonly Thread _thread;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="failed">Told of what work threw, on the thread; the loop goes on.</param>
    public VmEventLoop(string name, Action<Exception> failed)
    {
        _failed = failed;
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Queues work; dropped when the loop has ended.</summary>
    public void Post(Action action)
    {
        try
        {
            _work.Add(action);
        }
        catch (InvalidOperationException)
        {
            // The machine is gone, and with it the reason to do anything to it.
        }
    }

    /// <summary>Finishes what is queued and ends the thread.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        if (Thread.CurrentThread != _thread)
            _thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        foreach (Action action in _work.GetConsumingEnumerable())
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                Report(e);
            }
        }
    }

    private void Report(Exception e)
    {
        try
        {
            _failed(e);
        }
        catch (Exception)
        {
            // Nobody is left to be told. The loop stays: it is also how the machine ends.
        }
    }
}
