using Godwit.Memory;

namespace Godwit.Accel.Tests;

/// <summary>Guest time passes while running, stands still while stopped, and timers follow it.</summary>
public sealed class VirtualClockTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public void Now_Stopped_StandsStillAndContinuesFromThere()
    {
        using var clock = new VirtualClock(new BigLock());
        Assert.Equal(0, clock.NowNanoseconds);
        clock.OffsetNanoseconds = 5_000_000_000;
        Assert.Equal(5_000_000_000, clock.NowNanoseconds);
        clock.Start();
        SpinWait.SpinUntil(() => clock.NowNanoseconds > 5_001_000_000, _deadline);
        clock.Stop();
        long stopped = clock.NowNanoseconds;
        Assert.True(stopped > 5_001_000_000);
        Assert.Equal(stopped, clock.NowNanoseconds);
    }

    [Fact]
    public void Timer_Armed_FiresOnceUnderTheBigLockNotEarly()
    {
        var bigLock = new BigLock();
        using var clock = new VirtualClock(bigLock);
        using var fired = new ManualResetEventSlim();
        bool held = false;
        long at = 0;
        VirtualTimer timer = clock.CreateTimer(() =>
        {
            held = bigLock.IsHeld;
            at = clock.NowNanoseconds;
            fired.Set();
        });
        timer.Arm(3_000_000);
        Assert.Equal(3_000_000, timer.ExpiresAtNanoseconds);
        clock.Start();
        Assert.True(fired.Wait(_deadline));
        Assert.True(held);
        Assert.True(at >= 3_000_000);
        Assert.Null(timer.ExpiresAtNanoseconds);
    }

    [Fact]
    public void Timer_DisarmedUnderTheBigLock_DoesNotFire()
    {
        var bigLock = new BigLock();
        using var clock = new VirtualClock(bigLock);
        using var other = new ManualResetEventSlim();
        bool fired = false;
        VirtualTimer timer = clock.CreateTimer(() => fired = true);
        VirtualTimer later = clock.CreateTimer(other.Set);
        using (bigLock.Enter())
        {
            timer.Arm(0);
            clock.Start();
            SpinWait.SpinUntil(() => clock.NowNanoseconds > 2_000_000, _deadline);
            timer.Disarm();
            later.Arm(1);
        }

        Assert.True(other.Wait(_deadline));
        Assert.False(fired);
    }

    [Fact]
    public void Timer_ClockStopped_WaitsForTheStart()
    {
        using var clock = new VirtualClock(new BigLock());
        using var fired = new ManualResetEventSlim();
        VirtualTimer timer = clock.CreateTimer(fired.Set);
        timer.Arm(0);
        Assert.False(fired.IsSet);
        clock.Start();
        Assert.True(fired.Wait(_deadline));
    }
}
