using Godwit.Native;

namespace Godwit.Machine;

/// <summary>A network cable into an interface of the host.</summary>
public sealed class TapNetBackend : INetBackend
{
    /// <summary>Between looks at an interface that gives errors: it may be taken down and up again.</summary>
    private const int RetryMilliseconds = 100;

    private readonly FrameQueue _received = new();
    private readonly FileDescriptor _tap;
    private readonly WakeEvent _end = new();
    private readonly Thread _thread;

    private TapNetBackend(FileDescriptor tap)
    {
        _tap = tap;
        _thread = new Thread(ReceiveLoop) { IsBackground = true, Name = "net-in" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public event EventHandler? FramesArrived;

    /// <summary>Attaches to an interface by name; it is made if it does not exist, and then ends with the back end.</summary>
    /// <exception cref="ArgumentException">The name cannot be one.</exception>
    /// <exception cref="ErrnoException">There is no such device, or this process may not use it.</exception>
    public static TapNetBackend Open(string name) => new(TapDevice.Open(name));

    /// <summary>Uses a descriptor that whoever started this process has opened.</summary>
    /// <param name="descriptor">Its number; taken over.</param>
    /// <exception cref="ArgumentException">It is none of a tap interface with plain frames.</exception>
    public static TapNetBackend FromDescriptor(int descriptor)
    {
        var tap = new FileDescriptor(descriptor);
        try
        {
            TapDevice.Prepare(tap);
            return new TapNetBackend(tap);
        }
        catch
        {
            // It may be anything: whoever gave the wrong number keeps what it stands for.
            tap.SetHandleAsInvalid();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame)
    {
        // An interface that is down or full drops the frame, as a network does; so does the end of the machine.
        if (!_end.IsSet)
            _tap.Write(frame);
    }

    /// <inheritdoc/>
    public int Receive(Span<byte> destination) => _received.Take(destination);

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Set();
        if (Thread.CurrentThread != _thread)
            _thread.Join();
        _tap.Dispose();
        _end.Dispose();
    }

    private void ReceiveLoop()
    {
        var frame = new byte[FrameQueue.MaximumFrameBytes];
        while (_end.WaitFor(_tap, forWriting: false))
        {
            long count = _tap.Read(frame);
            if (count > 0)
            {
                _received.Add(frame.AsSpan(0, (int)count));
                FramesArrived?.Invoke(this, EventArgs.Empty);
            }
            else if (count is not -Errno.EAGAIN && _end.Wait(RetryMilliseconds))
            {
                return;
            }
        }
    }
}
