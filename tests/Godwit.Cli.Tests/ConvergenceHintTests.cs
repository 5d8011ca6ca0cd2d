namespace Godwit.Cli.Tests;

public sealed class ConvergenceHintTests
{
    // 800 Mbit/s are 100 MB/s, or 24414 pages/s: a working set that is written anew in each iteration shows a little less.
    private const double MegabitsPerSecond = 800;
    private const long Below = 20_000;
    private const long Above = 24_000;

    [Fact]
    public void Observe_BehindForSomeIterations_NamesWhatHelps()
    {
        var hint = new ConvergenceHint();
        Assert.Null(hint.Observe(Info(1, 0)));
        for (int i = 0; i < ConvergenceHint.Patience - 1; i++)
            Assert.Null(hint.Observe(Info(2 + i, Above + i)));
        string? text = hint.Observe(Info(1 + ConvergenceHint.Patience, Above));
        foreach (string name in new[] { "max-bandwidth", "downtime-limit", "auto-converge" })
            Assert.Contains(name, text, StringComparison.Ordinal);
        Assert.Equal(text, hint.Observe(Info(1 + ConvergenceHint.Patience, Above)));
    }

    [Fact]
    public void Observe_SameIterationManyTimes_CountsOnce()
    {
        var hint = new ConvergenceHint();
        for (int i = 0; i < 20; i++)
            Assert.Null(hint.Observe(Info(2, Above)));
    }

    [Fact]
    public void Observe_ShortIterationsWithoutANewRate_CountOnce()
    {
        var hint = new ConvergenceHint();
        for (int i = 0; i < 20; i++)
            Assert.Null(hint.Observe(Info(2 + i, Above)));
    }

    [Fact]
    public void Observe_OneIterationThatKeepsUp_StartsAnew()
    {
        var hint = new ConvergenceHint();
        for (int i = 0; i < 5 * ConvergenceHint.Patience; i++)
            Assert.Null(hint.Observe(Info(2 + i, (i % ConvergenceHint.Patience == 0 ? Below : Above) + i)));
    }

    [Fact]
    public void Observe_GuestAlreadyThrottled_DoesNotNameAutoConverge()
    {
        var hint = new ConvergenceHint();
        string? text = null;
        for (int i = 0; i < ConvergenceHint.Patience; i++)
            text = hint.Observe(Info(2 + i, Above + i) with { ThrottlePercent = 20 });
        Assert.NotNull(text);
        Assert.DoesNotContain("auto-converge", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("setup")]
    [InlineData("postcopy-active")]
    [InlineData("completed")]
    public void Observe_NotInPrecopy_SaysNothing(string status)
    {
        var hint = new ConvergenceHint();
        for (int i = 0; i < 2 * ConvergenceHint.Patience; i++)
            Assert.Null(hint.Observe(Info(2 + i, Above + i) with { Status = status }));
    }

    private static MigrationInfo Info(long iteration, long dirtyPages) => new()
    {
        Status = "active",
        HasRam = true,
        Iterations = iteration,
        DirtyPagesPerSecond = dirtyPages,
        MegabitsPerSecond = MegabitsPerSecond,
    };
}
