namespace Godwit.Vmm.Tests;

/// <summary>Measuring and limiting what a guest dirties; the guest walks 1024 pages, 20 000 pages a second at most: 78 MiB/s.</summary>
public sealed class DirtyRateTests
{
    private static readonly TimeSpan _time = TimeSpan.FromMilliseconds(200);

    [Theory]
    [InlineData(DirtyRateMode.PageSampling)]
    [InlineData(DirtyRateMode.DirtyRing)]
    [InlineData(DirtyRateMode.DirtyBitmap)]
    public void Start_GuestThatWrites_FindsAboutItsWorkingSet(DirtyRateMode mode)
    {
        using TestMachine machine = Start();
        DirtyRateReport report = new(DirtyRateStatus.Unstarted);

        // Each page of the 4 MiB counts once at most, and the guest walks them all in that time: 20 MiB/s; a guest that hardly gets to run is
        // measured again. Samples are drawn from the memory by chance, and a few other pages of the guest are written as well.
        TestMachine.WaitFor(() => (report = Measure(machine.Vm, mode)).MebibytesPerSecond > 1, "a guest that gets to run");
        Assert.InRange(report.MebibytesPerSecond!.Value, 2, 32);
        Assert.Equal(mode, report.Mode);
        Assert.Equal(mode == DirtyRateMode.PageSampling ? DirtyRateMeter.MaxSamplePages : 0, report.SamplePages);
        Assert.True(report.Duration >= _time);
        Assert.Equal(mode == DirtyRateMode.DirtyRing ? [report.MebibytesPerSecond.Value] : null, report.VcpuMebibytesPerSecond);
        machine.AssertSound();
    }

    [Theory]
    [InlineData(DirtyRateMode.PageSampling)]
    [InlineData(DirtyRateMode.DirtyRing)]
    [InlineData(DirtyRateMode.DirtyBitmap)]
    public void Start_StoppedGuest_FindsNothing(DirtyRateMode mode)
    {
        using TestMachine machine = Start();
        machine.Vm.Stop();
        Assert.Equal(0, Measure(machine.Vm, mode).MebibytesPerSecond);
    }

    [Fact]
    public void Start_WhileMeasuring_IsRefusedAndTheMachineCanEnd()
    {
        using TestMachine machine = Start();
        machine.Vm.DirtyRate.Start(TimeSpan.FromSeconds(60), DirtyRateMode.DirtyBitmap);
        Assert.Equal(DirtyRateStatus.Measuring, machine.Vm.DirtyRate.Report.Status);
        Assert.Null(machine.Vm.DirtyRate.Report.MebibytesPerSecond);
        Assert.Equal("the dirty rate is already being measured.", Assert.Throws<VmRefusedException>(() => machine.Vm.DirtyRate.Start(_time)).Message);
    }

    [Fact]
    public void SetDirtyLimit_FastGuest_SlowsDownUntilTheLimitGoes()
    {
        using TestMachine machine = Start(period: TimeSpan.FromMilliseconds(50));
        VirtualMachine vm = machine.Vm;
        Assert.Empty(vm.DirtyLimits);
        vm.SetDirtyLimit(null, 4);
        TestMachine.WaitFor(() => vm.DirtyLimits is [{ CpuIndex: 0, LimitMebibytesPerSecond: 4, MebibytesPerSecond: > 0 }], "a first measurement");
        TestMachine.WaitFor(() => vm.LongestDirtyLimitRest > TimeSpan.FromMilliseconds(5), "rests that are long enough");
        TestMachine.WaitFor(() => vm.DirtyLimits is [{ MebibytesPerSecond: < 10 }], "a slow guest");
        Assert.True(vm.DirtyRingFullTime > TimeSpan.Zero);
        vm.CancelDirtyLimit(0);
        Assert.Empty(vm.DirtyLimits);
        Assert.Equal(TimeSpan.Zero, vm.LongestDirtyLimitRest);

        // Set again at once, while the log of the last one may still be going off.
        vm.SetDirtyLimit(0, 4);
        TestMachine.WaitFor(() => vm.LongestDirtyLimitRest > TimeSpan.FromMilliseconds(5), "rests again");
        vm.CancelDirtyLimit(null);
        int rounds = machine.Rounds.Length;
        machine.WaitForRounds(rounds + 3);
        machine.AssertSound();
    }

    [Fact]
    public void Start_AfterTheEnd_IsRefused()
    {
        TestMachine machine = Start();
        machine.Dispose();
        Assert.Throws<ObjectDisposedException>(() => machine.Vm.DirtyRate.Start(_time));
    }

    [Fact]
    public void SetDirtyLimit_CpuThatDoesNotExist_IsRefused()
    {
        using TestMachine machine = Start();
        foreach (long cpu in new[] { -1L, 1, long.MaxValue })
            Assert.Equal("incorrect cpu index specified", Assert.Throws<VmRefusedException>(() => machine.Vm.SetDirtyLimit(cpu, 5)).Message);
        machine.Vm.CancelDirtyLimit(7); // nothing to cancel, so nothing is wrong
    }

    private static TestMachine Start(TimeSpan? period = null)
    {
        var machine = new TestMachine(change: static options => options with { Staircase = options.Staircase! with { WorkingSetPages = 1024 } });
        if (period is { } length)
            machine.Vm.DirtyLimitPeriod = length;
        machine.Vm.Start();
        machine.WaitForRounds(1);
        return machine;
    }

    private static DirtyRateReport Measure(VirtualMachine vm, DirtyRateMode mode)
    {
        vm.DirtyRate.Start(_time, mode, mode == DirtyRateMode.PageSampling ? DirtyRateMeter.MaxSamplePages : null);
        TestMachine.WaitFor(() => vm.DirtyRate.Report.Status == DirtyRateStatus.Measured, "a result");
        return vm.DirtyRate.Report;
    }
}
