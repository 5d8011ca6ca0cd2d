namespace Godwit.Wire;

/// <summary>The bandwidth limit of a migration: a budget of bytes for each slice of 100 ms, shared by all its channels.</summary>
/// <remarks>
/// The limiter never delays a write. Writers account what has left; the migration thread asks <see cref="IsExceeded"/> between
/// pieces of work and waits for the next slice. All members may be used from any thread.
/// </remarks>
public sealed class RateLimiter : IDisposable
{
    /// <summary>The length of a slice.</summary>
    public static readonly TimeSpan SliceLength = TimeSpan.FromMilliseconds(100);

    private const int SlicesPerSecond = 10;

    private readonly TimeProvider _time;
    private readonly ManualResetEventSlim _wake = new();
    private long _bytesPerSecond;
    private long _usedBytes;
    private long _sliceStart;

    /// <summary>Makes a limiter.</summary>
    /// <param name="bytesPerSecond">The limit; 0 means none.</param>
    /// <param name="time">The clock; the system's by default.</param>
    public RateLimiter(long bytesPerSecond = 0, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _sliceStart = _time.GetTimestamp();
        BytesPerSecond = bytesPerSecond;
    }

    /// <summary>The limit in bytes per second; 0 means none. A change takes effect in the slice that runs and wakes a waiter.</summary>
    public long BytesPerSecond
    {
        get => Interlocked.Read(ref _bytesPerSecond);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Interlocked.Exchange(ref _bytesPerSecond, value);
            _wake.Set();
        }
    }

    /// <summary>Bytes accounted in the slice that runs.</summary>
    public long UsedBytes => Interlocked.Read(ref _usedBytes);

    /// <summary>Bytes left of the running slice's budget, 0 when it is used up; <see cref="long.MaxValue"/> without a limit.</summary>
    public long RemainingBytes
    {
        get
        {
            var limit = BytesPerSecond;
            return limit == 0 ? long.MaxValue : Math.Max(0, BudgetOf(limit) - UsedBytes);
        }
    }

    /// <summary>Whether the budget of this slice (a tenth of the limit) is used up.</summary>
    public bool IsExceeded
    {
        get
        {
            var limit = BytesPerSecond;
            if (limit == 0 || UsedBytes < BudgetOf(limit))
                return false;
            if (_time.GetElapsedTime(Interlocked.Read(ref _sliceStart)) < SliceLength)
                return true;
            Reset();
            return false;
        }
    }

    /// <summary>Counts bytes that have left.</summary>
    public void Account(long bytes) => Interlocked.Add(ref _usedBytes, bytes);

    /// <summary>Starts a new slice with its full budget.</summary>
    public void Reset()
    {
        Interlocked.Exchange(ref _usedBytes, 0);
        Interlocked.Exchange(ref _sliceStart, _time.GetTimestamp());
    }

    /// <summary>Waits until the slice is over and starts the next one; returns early when woken.</summary>
    /// <returns><see langword="true"/> when a new slice has begun; <see langword="false"/> when <see cref="Wake"/> or a new limit ended the wait.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public bool WaitForNextSlice(CancellationToken cancellationToken = default)
    {
        var left = SliceLength - _time.GetElapsedTime(Interlocked.Read(ref _sliceStart));
        if (left > TimeSpan.Zero && _wake.Wait(left, cancellationToken))
        {
            _wake.Reset();
            return false;
        }

        cancellationToken.ThrowIfCancellationRequested();
        Reset();
        return true;
    }

    /// <summary>Ends a wait, now or the next one: something urgent is to be sent, or the migration is to end.</summary>
    public void Wake() => _wake.Set();

    /// <inheritdoc/>
    public void Dispose() => _wake.Dispose();

    private static long BudgetOf(long bytesPerSecond) => Math.Max(1, bytesPerSecond / SlicesPerSecond);
}
