using System.Globalization;

namespace Godwit.Fuzz.Tests;

/// <summary>A short run of every fuzz target; docs/testing.md has the long ones.</summary>
public sealed class FuzzSmokeTests
{
    private const long Inputs = 20_000;
    private const long LongInputs = 500;

    public static TheoryData<string> Targets => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Run_AFewInputs_FindsNothing(string target)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        var options = new FuzzOptions
        {
            Inputs = target == "ram-runs" ? LongInputs : Inputs,
            OutputDirectory = Path.Combine(Path.GetTempPath(), "godwit-fuzz-" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture)),
        };

        FuzzReport report = new FuzzRunner(target, options, output).Run();

        Assert.True(report.Failures == 0, output.ToString());
        Assert.Equal(options.Inputs, report.Inputs);
        Assert.InRange(report.Accepted, report.Inputs / 32, report.Inputs - 1);
        Assert.InRange(report.Refused, report.Inputs / 32, report.Inputs - 1);
    }

    [Fact]
    public void MakeInput_SameSeedAndIndex_IsTheSameInput()
    {
        var options = new FuzzOptions { Seed = 7 };
        foreach (string target in FuzzTargets.Names)
            Assert.Equal(FuzzWorker.MakeInput(target, options, 123), FuzzWorker.MakeInput(target, options, 123));
    }
}
