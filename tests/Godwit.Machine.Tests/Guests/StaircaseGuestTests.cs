using Godwit.Accel;
using Godwit.Accel.RiscV;
using Godwit.Memory;

namespace Godwit.Machine.Tests;

/// <summary>The staircase program on the software CPU: the whole machine without a migration.</summary>
public sealed class StaircaseGuestTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1, 0UL, 512)]
    [InlineData(2, 20_000UL, 8)]
    public void Run_AFewRounds_WalksAndReportsAndStaysSound(int harts, ulong pagesPerSecond, int stride)
    {
        using var run = new Run(harts, new StaircaseOptions { RamBytes = 0, WorkingSetPages = 500, PagesPerSecond = pagesPerSecond, StampStrideBytes = stride });
        run.Start();
        run.WaitFor("staircase: round 3 ok t=");
        run.Stop();

        StaircaseReport report = run.Machine.CheckStaircase();
        Assert.Empty(report.Violations);
        Assert.True(report.IsSound && report.IsStarted && report.Round >= 3);
        Assert.StartsWith("staircase: start pages=500\nstaircase: round 1 ok t=", run.Console.GetText(), StringComparison.Ordinal);
        Assert.Null(run.ExitCode);
    }

    [Fact]
    public void Run_StoppedAtRandomMoments_IsSoundEachTime()
    {
        using var run = new Run(1, new StaircaseOptions { RamBytes = 0, WorkingSetPages = 100, StampStrideBytes = 8, ReportRounds = 1000 });
        run.Start();
        run.WaitFor("start pages");
        ulong before = 0;
        for (int i = 0; i < 30; i++)
        {
            Assert.True(SpinWait.SpinUntil(() => run.Machine.ReadTime() % 7 == 3, _deadline));
            run.Stop();
            StaircaseReport report = run.Machine.CheckStaircase();
            Assert.Empty(report.Violations);
            Assert.True(report.PagesWritten >= before);
            before = report.PagesWritten;
            run.Start();
        }
    }

    [Theory]
    [InlineData(0x2000 + (300 * 4096), 77UL)]
    [InlineData(0x2000 + (300 * 4096) + 4088, 77UL)]
    public void Run_PageChangedBehindItsBack_StopsLoudly(ulong offset, ulong value)
    {
        using var run = new Run(1, new StaircaseOptions { RamBytes = 0, WorkingSetPages = 500 });
        run.Start();
        run.WaitFor("round 1 ok");
        run.Stop();
        using (run.Memory.BigLock.Enter())
            run.Machine.AddressSpace.Write(new GuestAddress(StaircaseGuest.EntryAddress + offset), 8, value);
        run.Start();
        run.WaitFor("staircase: VIOLATION page=300 expected=");
        Assert.True(SpinWait.SpinUntil(() => run.ExitCode == 1, _deadline));
        run.Stop();
        Assert.False(run.Machine.CheckStaircase().IsSound);
    }

    [Fact]
    public void Reset_InTheMiddle_StartsOver()
    {
        using var run = new Run(1, new StaircaseOptions { RamBytes = 0, WorkingSetPages = 200 });
        run.Start();
        run.WaitFor("round 5 ok");
        run.Stop();
        run.Reset();
        run.Start();
        Assert.True(SpinWait.SpinUntil(() => run.Console.GetText().LastIndexOf("start pages=200\nstaircase: round 1 ok", StringComparison.Ordinal) > 20, _deadline));
        run.Stop();
        Assert.True(run.Machine.CheckStaircase().IsSound);
    }

    private sealed class Run : IDisposable
    {
        private readonly RiscVAccelerator _accelerator;
        private readonly VirtualClock _clock;
        private int _exitCode = -1;

        public Run(int harts, StaircaseOptions options)
        {
            _clock = new VirtualClock(Memory.BigLock);
            Machine = new VirtMachine(new VirtMachineOptions { RamBytes = 16 << 20, HartCount = harts, Serial = Console }, Memory, _clock);
            Machine.PowerOff += (_, e) => Volatile.Write(ref _exitCode, e.ExitCode);
            _accelerator = new RiscVAccelerator(Memory, Machine.AddressSpace, new RiscVCpuOptions { HartCount = harts, ReadTime = Machine.ReadTime });
            Machine.ConnectHarts(_accelerator.Cpus);
            Machine.LoadStaircase(options);
            Reset();
        }

        public MemorySystem Memory { get; } = new();

        public VirtMachine Machine { get; }

        public RingCharBackend Console { get; } = new();

        public int? ExitCode => Volatile.Read(ref _exitCode) is >= 0 and var code ? code : null;

        public void Start()
        {
            _clock.Start();
            _accelerator.Start();
        }

        public void Stop()
        {
            _accelerator.Stop();
            _clock.Stop();
        }

        public void Reset()
        {
            foreach (IVirtualCpu cpu in _accelerator.Cpus)
                cpu.Reset();
            Machine.Reset();
        }

        public void WaitFor(string text) =>
            Assert.True(SpinWait.SpinUntil(() => Console.GetText().Contains(text, StringComparison.Ordinal), _deadline), Console.GetText());

        public void Dispose()
        {
            _accelerator.Dispose();
            _clock.Dispose();
            Machine.Dispose();
            Memory.Dispose();
        }
    }
}
