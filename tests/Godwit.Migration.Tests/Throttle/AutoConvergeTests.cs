namespace Godwit.Migration.Tests.Throttle;

public sealed class AutoConvergeTests
{
    private static readonly ThrottleSettings _defaults = ThrottleSettings.From(MigrationParameters.Default);

    [Fact]
    public void Decide_DirtyPeriods_RaisesEverySecondOne()
    {
        var decision = new AutoConverge();
        int throttle = 0;
        List<int> seen = [];
        for (int i = 0; i < 20; i++)
            seen.Add(throttle = decision.Decide(throttle, dirtyBytes: 100, sentBytes: 100, _defaults));

        // The staircase of the peers: 20, then ten more every second period, up to 99.
        Assert.Equal([0, 20, 20, 30, 30, 40, 40, 50, 50, 60, 60, 70, 70, 80, 80, 90, 90, 99, 99, 99], seen);
    }

    [Fact]
    public void Decide_ExactlyTheThreshold_IsNotDirty()
    {
        var decision = new AutoConverge();
        for (int i = 0; i < 10; i++)
            Assert.Equal(0, decision.Decide(0, dirtyBytes: 50, sentBytes: 100, _defaults));
    }

    [Theory]
    [InlineData(20, 110, 200, 8)] // share 80, limit 100: trunc(80 * 100 / 110) = 72
    [InlineData(20, 400, 200, 10)] // would take 60: the increment limits it
    [InlineData(90, 1000, 2, 9)] // takes everything, which the maximum limits
    public void Decide_TailSlow_TakesNoMoreThanNeeded(int throttle, long dirty, long sent, int step)
    {
        ThrottleSettings settings = _defaults with { TailSlow = true };
        var decision = new AutoConverge();
        decision.Decide(throttle, dirty, sent, settings);
        Assert.Equal(throttle + step, decision.Decide(throttle, dirty, sent, settings));
    }

    [Fact]
    public void Decide_MaximumBelowTheNextStep_StopsThere()
    {
        ThrottleSettings settings = _defaults with { MaximumPercent = 25 };
        var decision = new AutoConverge();
        decision.Decide(20, 100, 100, settings);
        Assert.Equal(25, decision.Decide(20, 100, 100, settings));
    }
}
