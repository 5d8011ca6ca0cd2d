namespace Godwit.Wire.Tests;

public sealed class RateLimiterTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void IsExceeded_BudgetIsATenthOfTheLimit_TurnsTrueThere()
    {
        using var limiter = new RateLimiter(1000, _time);

        limiter.Account(99);
        Assert.False(limiter.IsExceeded);
        limiter.Account(1);
        Assert.True(limiter.IsExceeded);
        Assert.Equal(100, limiter.UsedBytes);
    }

    [Fact]
    public void IsExceeded_SliceOver_StartsANewOne()
    {
        using var limiter = new RateLimiter(1000, _time);
        limiter.Account(5000);

        _time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.True(limiter.IsExceeded);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(limiter.IsExceeded);
        Assert.Equal(0, limiter.UsedBytes);
    }

    [Fact]
    public void IsExceeded_NoLimit_IsNever()
    {
        using var limiter = new RateLimiter(0, _time);
        limiter.Account(long.MaxValue / 2);

        Assert.False(limiter.IsExceeded);
    }

    [Fact]
    public void IsExceeded_LimitBelowOneBytePerSlice_StillLetsOneThrough()
    {
        using var limiter = new RateLimiter(3, _time);

        Assert.False(limiter.IsExceeded);
        limiter.Account(1);
        Assert.True(limiter.IsExceeded);
    }

    [Fact]
    public void WaitForNextSlice_SliceOver_ReturnsAtOnceWithTheWholeBudget()
    {
        using var limiter = new RateLimiter(1000, _time);
        limiter.Account(100);
        _time.Advance(RateLimiter.SliceLength);

        Assert.True(limiter.WaitForNextSlice());
        Assert.Equal(0, limiter.UsedBytes);
    }

    [Fact]
    public void WaitForNextSlice_Woken_ReturnsEarlyAndKeepsTheSlice()
    {
        using var limiter = new RateLimiter(1000, _time);
        limiter.Account(100);

        limiter.Wake();

        Assert.False(limiter.WaitForNextSlice());
        Assert.True(limiter.IsExceeded);
    }

    [Fact]
    public void BytesPerSecond_RaisedDuringTheSlice_AppliesAtOnceAndWakes()
    {
        using var limiter = new RateLimiter(1000, _time);
        limiter.Account(100);
        limiter.BytesPerSecond = 10_000;

        Assert.False(limiter.WaitForNextSlice());
        Assert.False(limiter.IsExceeded);
    }

    [Fact]
    public void WaitForNextSlice_Cancelled_Throws()
    {
        using var limiter = new RateLimiter(1000, _time);
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => limiter.WaitForNextSlice(cancel.Token));
    }

    [Fact]
    public void BytesPerSecond_Negative_IsRefused()
        => Assert.Throws<ArgumentOutOfRangeException>(() => new RateLimiter(-1));

    [Fact]
    public void Account_SeveralWriters_CountTogether()
    {
        using var limiter = new RateLimiter(1000, _time);
        for (var i = 0; i < 2; i++)
        {
            var target = new System.Buffers.ArrayBufferWriter<byte>();
            var writer = new MigrationWriter(MigrationWriter.ToMemory(target).Channel, limiter);
            writer.WriteUInt64(1);
            writer.Flush();
        }

        Assert.Equal(16, limiter.UsedBytes);
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += by.Ticks;
    }
}
