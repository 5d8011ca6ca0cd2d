using Godwit.Memory;
using Godwit.Native;

namespace Godwit.Accel.RiscV;

/// <content>The hart's thread: running, waiting, and answering requests from other threads.</content>
public sealed unsafe partial class Hart
{
    private readonly Thread _thread;
    private readonly SafePointParticipant _safePoint;
    private readonly object _wake = new();

    // Read by the interpreter at every taken branch. Set by anyone; cleared by the hart before it looks at what is wanted.
    private int _attention;
    private int _waiting;
    private int _inDevice;
    private int _threadId;
    private long _seenLayout;

    // Ticks of a rest that was asked for and has not ended; 0 for none. What waiting in whole milliseconds leaves goes into the next one.
    private long _restTicks;
    private long _restCarryTicks;
    private bool _isRestOver;

    /// <summary>Gets a value indicating whether the hart may be changing guest-visible state at this moment.</summary>
    internal bool IsBusy => _safePoint.IsInGuest || Volatile.Read(ref _inDevice) != 0;

    /// <summary>Gets a value indicating whether the calling thread is this hart.</summary>
    internal bool IsCurrentThread => Thread.CurrentThread == _thread;

    /// <inheritdoc/>
    public void Kick() => RequestAttention();

    /// <inheritdoc/>
    public void SetInterruptLine(InterruptLine line, bool level)
    {
        ulong bit = 1UL << (int)line;
        if (line == InterruptLine.SupervisorExternal)
        {
            Volatile.Write(ref _externalSeip, level);
            if (!level && Volatile.Read(ref _softwareSeip))
                return;
        }

        if (level)
            Interlocked.Or(ref _mip, bit);
        else
            Interlocked.And(ref _mip, ~bit);
        if (level)
            RequestAttention();
    }

    /// <inheritdoc/>
    public void Rest(TimeSpan duration)
    {
        if (Interlocked.CompareExchange(ref _restTicks, duration.Ticks, 0) == 0)
            RequestAttention();
    }

    /// <summary>Waits for the thread to end; the accelerator has asked it to.</summary>
    internal void Join() => _thread.Join();

    /// <summary>Forgets everything derived from memory and registers. The hart is out of guest code.</summary>
    internal void DropCaches() => FlushAll();

    private void RequestAttention()
    {
        // The exchange is a full fence between what was asked for and the look at the waiting flag.
        Interlocked.Exchange(ref _attention, 1);
        if (Volatile.Read(ref _waiting) == 0)
            return;
        lock (_wake)
            Monitor.Pulse(_wake);
    }

    private void RunThread()
    {
        Volatile.Write(ref _threadId, HostThread.CurrentId);
        while (!_accelerator.IsDisposing)
        {
            if (_accelerator.IsRunning && Volatile.Read(ref _restTicks) != 0)
                RestAwhile();
            else if (!_accelerator.IsRunning || (_halted && !HasWakingInterrupt))
                WaitForReason();
            else
                RunInGuest();
        }
    }

    private bool HasWakingInterrupt => (Volatile.Read(ref _mip) & _mie) != 0;

    private void WaitForReason()
    {
        // The exchange is a full fence: a requester either sees the flag, or we see what it asked for.
        Interlocked.Exchange(ref _waiting, 1);
        lock (_wake)
        {
            // A halted CPU rests as well: an interrupt must not end what the throttle takes from it.
            while (!_accelerator.IsDisposing
                && (!_accelerator.IsRunning || (_halted && !HasWakingInterrupt && Volatile.Read(ref _restTicks) == 0)))
            {
                Monitor.Wait(_wake);
            }
        }

        Volatile.Write(ref _waiting, 0);
    }

    private void RunInGuest()
    {
        if (_safePoint.EnterGuest())
            DropWritePermissions();
        while (true)
        {
            // Cleared first: what is asked for from here on sets it again and ends the interpreter at once.
            Interlocked.Exchange(ref _attention, 0);
            if (!_accelerator.IsRunning)
                break;
            if (Volatile.Read(ref _restTicks) != 0)
            {
                RestOutsideGuest();
                continue;
            }

            if (_safePoint.Poll())
                DropWritePermissions();
            if (_halted)
            {
                if (!HasWakingInterrupt)
                    break;
                Volatile.Write(ref _halted, false);
            }

            TakeInterrupt();
            Interpret();
        }

        _safePoint.LeaveGuest();
    }

    private void RestOutsideGuest()
    {
        _safePoint.LeaveGuest();
        RestAwhile();
        if (_safePoint.EnterGuest())
            DropWritePermissions();
    }

    private void RestAwhile()
    {
        long wanted = Volatile.Read(ref _restTicks) + _restCarryTicks;
        long milliseconds = wanted / TimeSpan.TicksPerMillisecond;
        _restCarryTicks = wanted % TimeSpan.TicksPerMillisecond;
        long end = Environment.TickCount64 + milliseconds;
        Interlocked.Exchange(ref _waiting, 1);
        lock (_wake)
        {
            long left = milliseconds;
            while (left > 0 && _accelerator.IsRunning && !_accelerator.IsDisposing && !Volatile.Read(ref _isRestOver))
            {
                Monitor.Wait(_wake, (int)left);
                left = end - Environment.TickCount64;
            }
        }

        Volatile.Write(ref _waiting, 0);
        Volatile.Write(ref _restTicks, 0);
        Volatile.Write(ref _isRestOver, false);
    }

    /// <summary>Ends a rest that is under way. One that ends by itself at this moment may shorten the next.</summary>
    private void EndRest()
    {
        if (Volatile.Read(ref _restTicks) == 0)
            return;
        lock (_wake)
        {
            Volatile.Write(ref _isRestOver, true);
            Monitor.Pulse(_wake);
        }
    }

    private void DropWritePermissions()
    {
        if (_slots.LayoutVersion != _seenLayout)
            FlushAll();
        else
            FlushWriteTlbs();
    }

    /// <summary>Leaves guest code and takes the big lock to reach a device.</summary>
    /// <param name="scope">The lock; the caller disposes it and then calls <see cref="LeaveDevice"/>.</param>
    /// <returns><see langword="false"/> when the machine stops: the instruction is given up and will be repeated.</returns>
    private bool TryEnterDevice(out BigLock.Scope scope)
    {
        _safePoint.LeaveGuest();
        scope = _accelerator.BigLock.EnterIfNeeded();
        Interlocked.Exchange(ref _inDevice, 1);
        if (_accelerator.IsRunning)
            return true;
        scope.Dispose();
        LeaveDevice();
        Volatile.Write(ref _attention, 1);
        return false;
    }

    private void LeaveDevice()
    {
        if (_safePoint.EnterGuest())
            DropWritePermissions();
        Volatile.Write(ref _inDevice, 0);
    }
}
