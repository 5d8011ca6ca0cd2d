using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>Ends waits for descriptors from another thread (an <c>eventfd</c>). Once set it stays set.</summary>
public sealed unsafe class WakeEvent : IDisposable
{
    private const int MaxDescriptors = 32;

    private readonly FileDescriptor _event;
    private volatile bool _isSet;

    /// <summary>Makes an event that is not set.</summary>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public WakeEvent()
    {
        var number = SysEventfd.eventfd(0, SysEventfd.EFD_CLOEXEC | SysEventfd.EFD_NONBLOCK);
        if (number < 0)
            throw ErrnoException.ForLast("eventfd");
        _event = new FileDescriptor(number);
    }

    /// <summary>Whether the event has been set.</summary>
    public bool IsSet => _isSet;

    /// <summary>Wakes every wait that uses this event, now and later. Does nothing after <see cref="Dispose"/>.</summary>
    public void Set()
    {
        _isSet = true;
        try
        {
            _event.Write(BitConverter.GetBytes(1UL));
        }
        catch (ObjectDisposedException)
        {
            // Nobody can wait any more.
        }
    }

    /// <summary>Waits until the event is set or the time is over.</summary>
    /// <param name="timeoutMilliseconds">At most; -1 for ever.</param>
    /// <returns>Whether the event is set.</returns>
    public bool Wait(int timeoutMilliseconds) => WaitForAny([], PollHeader.POLLIN, timeoutMilliseconds) == -1;

    /// <summary>Waits until <paramref name="descriptor"/> can be read or written (or has failed).</summary>
    /// <returns><see langword="false"/> when the event was set.</returns>
    public bool WaitFor(FileDescriptor descriptor, bool forWriting)
        => WaitForAny([descriptor], forWriting ? PollHeader.POLLOUT : PollHeader.POLLIN, -1) >= 0;

    /// <summary>Waits until <paramref name="descriptor"/> can be read or written (or has failed), the event is set, or the time is over.</summary>
    /// <returns>0 when it can, <see cref="Errno.ESHUTDOWN"/> when the event was set, <see cref="Errno.EAGAIN"/> when the time is over.</returns>
    public int WaitFor(FileDescriptor descriptor, bool forWriting, TimeSpan? timeout)
    {
        int milliseconds = timeout is { } limit ? (int)Math.Clamp(Math.Ceiling(limit.TotalMilliseconds), 1, int.MaxValue) : -1;
        return WaitForAny([descriptor], forWriting ? PollHeader.POLLOUT : PollHeader.POLLIN, milliseconds) switch
        {
            0 => 0,
            -1 => Errno.ESHUTDOWN,
            _ => Errno.EAGAIN,
        };
    }

    /// <summary>Waits until one of <paramref name="descriptors"/> can be read.</summary>
    /// <param name="descriptors">At most 31.</param>
    /// <returns>The index of one that can be read, or -1 when the event was set.</returns>
    public int WaitForAnyReadable(params ReadOnlySpan<FileDescriptor> descriptors) => WaitForAny(descriptors, PollHeader.POLLIN, -1);

    /// <summary>Waits until <paramref name="descriptor"/> can be read, the event is set, or the time is over.</summary>
    /// <returns>Whether the descriptor can be read.</returns>
    public bool WaitForReadable(FileDescriptor descriptor, int timeoutMilliseconds) => WaitForAny([descriptor], PollHeader.POLLIN, timeoutMilliseconds) == 0;

    /// <inheritdoc/>
    public void Dispose() => _event.Dispose();

    private int WaitForAny(ReadOnlySpan<FileDescriptor> descriptors, short events, int timeoutMilliseconds)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(descriptors.Length, MaxDescriptors, nameof(descriptors));
        // Held while the kernel waits, so that no number can come to mean another file.
        var held = 0;
        var eventHeld = false;
        try
        {
            _event.DangerousAddRef(ref eventHeld);
            foreach (var descriptor in descriptors)
            {
                var success = false;
                descriptor.DangerousAddRef(ref success);
                held++;
            }

            return Poll(descriptors, events, timeoutMilliseconds);
        }
        finally
        {
            foreach (var descriptor in descriptors[..held])
                descriptor.DangerousRelease();
            if (eventHeld)
                _event.DangerousRelease();
        }
    }

    private int Poll(ReadOnlySpan<FileDescriptor> descriptors, short events, int timeoutMilliseconds)
    {
        var entries = stackalloc PollHeader.pollfd[MaxDescriptors];
        entries[0] = new PollHeader.pollfd { fd = _event.Number, events = PollHeader.POLLIN };
        for (var i = 0; i < descriptors.Length; i++)
            entries[i + 1] = new PollHeader.pollfd { fd = descriptors[i].Number, events = events };
        var deadline = Environment.TickCount64 + timeoutMilliseconds;
        while (true)
        {
            // SAFETY: poll touches exactly the entries filled above.
            var ready = PollHeader.poll(entries, (nuint)(descriptors.Length + 1), timeoutMilliseconds);
            if (ready < 0 && !FileDescriptor.IsInterrupted())
                throw ErrnoException.ForLast("poll");
            if (_isSet || (ready > 0 && entries[0].revents != 0))
                return -1;
            for (var i = 0; ready > 0 && i < descriptors.Length; i++)
            {
                if (entries[i + 1].revents != 0)
                    return i;
            }

            if (timeoutMilliseconds >= 0)
            {
                timeoutMilliseconds = (int)Math.Max(0, deadline - Environment.TickCount64);
                if (ready == 0 || timeoutMilliseconds == 0)
                    return -2;
            }
        }
    }
}
