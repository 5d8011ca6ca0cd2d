using System.Runtime.InteropServices;
using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>A counting semaphore of the system (<c>sem_t</c>): who has to wait sleeps at once.</summary>
/// <remarks>
/// The base library's semaphore spins first and yields its processor meanwhile. With a thread per channel and few processors that keeps the very
/// threads from running that are waited for, and on a busy host each yield costs a time slice. Dispose when no thread uses it any more.
/// </remarks>
public sealed unsafe class HostSemaphore : IDisposable
{
    private void* _semaphore;

    /// <summary>Makes a semaphore.</summary>
    /// <param name="count">What it holds at first; 0 or more.</param>
    public HostSemaphore(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        _semaphore = NativeMemory.AllocZeroed(SemaphoreHeader.RoomBytes);
        // SAFETY: the room is larger than a sem_t, and nobody else knows it yet.
        if (SemaphoreHeader.sem_init(_semaphore, 0, (uint)count) != 0)
            throw ErrnoException.ForLast("sem_init");
    }

    /// <summary>Takes one, or waits for it.</summary>
    public void Wait()
    {
        // SAFETY: the memory is freed only by Dispose, which comes after the last use.
        while (SemaphoreHeader.sem_wait(Address) != 0)
        {
            if (!FileDescriptor.IsInterrupted())
                throw ErrnoException.ForLast("sem_wait");
        }
    }

    /// <summary>Takes one, or waits for it.</summary>
    /// <returns>False when the time is over.</returns>
    public bool Wait(TimeSpan limit)
    {
        long end = (DateTime.UtcNow + limit - DateTime.UnixEpoch).Ticks;
        var moment = new SemaphoreHeader.timespec { tv_sec = end / TimeSpan.TicksPerSecond, tv_nsec = end % TimeSpan.TicksPerSecond * 100 };
        // SAFETY: as in the other wait; the moment is on this stack.
        while (SemaphoreHeader.sem_timedwait(Address, &moment) != 0)
        {
            if (Marshal.GetLastPInvokeError() == Errno.ETIMEDOUT)
                return false;
            if (!FileDescriptor.IsInterrupted())
                throw ErrnoException.ForLast("sem_timedwait");
        }

        return true;
    }

    /// <summary>Gives some.</summary>
    public void Release(int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            // SAFETY: as in the waits.
            if (SemaphoreHeader.sem_post(Address) != 0)
                throw ErrnoException.ForLast("sem_post");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        void* semaphore = _semaphore;
        _semaphore = null;
        if (semaphore is null)
            return;
        // SAFETY: made by the constructor, and forgotten in the line above.
        SemaphoreHeader.sem_destroy(semaphore);
        NativeMemory.Free(semaphore);
    }

    private void* Address => _semaphore is not null ? _semaphore : throw new ObjectDisposedException(nameof(HostSemaphore));
}
