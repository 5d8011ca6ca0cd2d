using Godwit.Wire;

namespace Godwit.Vmm.Tests.Drills;

/// <summary>A peer that reads what comes, throws it away and never answers.</summary>
internal sealed class PeerThread : IDisposable
{
    private readonly Channel _channel;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _mayRead = new(initialState: true);
    private volatile bool _isEnding;

    public PeerThread(Channel channel)
    {
        _channel = channel;
        _thread = new Thread(Run) { IsBackground = true, Name = "peer" };
        _thread.Start();
    }

    /// <summary>Reads at most what one call that is under way takes.</summary>
    public void StopReading() => _mayRead.Reset();

    public void Dispose()
    {
        _isEnding = true;
        _mayRead.Set();
        _channel.Shutdown();
        _thread.Join();
        _channel.Dispose();
        _mayRead.Dispose();
    }

    private void Run()
    {
        byte[] buffer = new byte[65536];
        try
        {
            while (!_isEnding && _channel.Read(buffer) > 0)
                _mayRead.Wait();
        }
        catch (ChannelException)
        {
            // The source has closed.
        }
    }
}
