namespace Godwit.Wire.Tests;

/// <summary>A thread that is expected to wait inside the kernel, and a way to see that it does.</summary>
internal sealed class BlockingThread
{
    private const int Deadline = 20_000;

    private static int _count;

    private volatile bool _started;
    private readonly Thread _thread;
    private readonly string _name = $"gw-block-{Interlocked.Increment(ref _count)}";

    public BlockingThread(Action action)
    {
        _thread = new Thread(() =>
        {
            _started = true;
            Error = Record.Exception(action);
        })
        { Name = _name };
        _thread.Start();
    }

    /// <summary>What the action threw, after <see cref="Join"/>.</summary>
    public Exception? Error { get; private set; }

    /// <summary>Waits until the action is about to begin.</summary>
    public void WaitUntilStarted() => Assert.True(SpinWait.SpinUntil(() => _started, Deadline));

    /// <summary>Waits until the thread sleeps in the kernel, seen several times in a row.</summary>
    public void WaitUntilAsleep()
    {
        var seen = 0;
        Assert.True(SpinWait.SpinUntil(() => (seen = IsAsleep() ? seen + 1 : 0) >= 20, Deadline), "the thread does not wait");
    }

    public void Join() => Assert.True(_thread.Join(Deadline), "the thread was not woken");

    public static void WriteForever(Channel channel)
    {
        while (true)
            channel.Write(new byte[1 << 20]);
    }

    private bool IsAsleep()
    {
        foreach (var task in Directory.GetDirectories("/proc/self/task"))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(task, "comm")).Trim() == _name)
                    return File.ReadAllText(Path.Combine(task, "stat")).Contains(") S ", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                // The thread has ended between the two looks.
            }
        }

        return false;
    }
}
