namespace Godwit.Memory.Tests;

public sealed class BigLockTests
{
    [Fact]
    public void Enter_Twice_Refused()
    {
        var bigLock = new BigLock();
        using (bigLock.Enter())
            Assert.Throws<LockRecursionException>(() => { using var again = bigLock.Enter(); });
        Assert.False(bigLock.IsHeld);
        Assert.Throws<InvalidOperationException>(bigLock.AssertHeld);
    }

    [Fact]
    public void EnterIfNeeded_HeldAlready_LeavesItHeld()
    {
        var bigLock = new BigLock();
        using (bigLock.Enter())
        {
            bigLock.EnterIfNeeded().Dispose();
            Assert.True(bigLock.IsHeld);
        }
        using (bigLock.EnterIfNeeded())
            Assert.True(bigLock.IsHeld);
        Assert.False(bigLock.IsHeld);
    }

    [Fact]
    public void Suspend_AnotherThreadWaits_ItGetsTheLockMeanwhile()
    {
        var bigLock = new BigLock();
        var hadIt = false;
        using (bigLock.Enter())
        {
            var other = new Thread(() =>
            {
                using var held = bigLock.Enter();
                hadIt = true;
            });
            other.Start();
            using (bigLock.Suspend())
                other.Join();
            Assert.True(hadIt);
            Assert.True(bigLock.IsHeld);
        }
        Assert.Throws<InvalidOperationException>(() => { using var suspended = bigLock.Suspend(); });
    }
}
