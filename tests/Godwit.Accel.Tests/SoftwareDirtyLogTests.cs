namespace Godwit.Accel.Tests;

/// <summary>The software slot model: modes, argument rules, and the properties that a real log has.</summary>
public sealed class SoftwareDirtyLogTests
{
    private const ulong Pages = 300;
    private const int Words = 5;

    [Fact]
    public void Get_PagesNoted_ReportsExactlyThoseAndThenNothing()
    {
        (SoftwareDirtyLog log, SoftwareSlot slot, TestSlots memory) = Create(DirtyLogMode.GetClears);
        using (memory)
        {
            foreach (ulong page in new ulong[] { 0, 63, 64, 299 })
                slot.NoteWrite(page);
            var bitmap = new ulong[Words];
            Assert.Equal(DirtyLogResult.Ok, log.Get(0, bitmap));
            Assert.Equal([0x8000_0000_0000_0001, 1, 0, 0, 1UL << (299 - 256)], bitmap);
            Assert.Equal(DirtyLogResult.Ok, log.Get(0, bitmap));
            Assert.All(bitmap, word => Assert.Equal(0UL, word));
            slot.NoteWrite(63);
            log.Get(0, bitmap);
            Assert.Equal(0x8000_0000_0000_0000, bitmap[0]);
        }
    }

    [Fact]
    public void Get_ManualMode_KeepsBitsUntilCleared()
    {
        (SoftwareDirtyLog log, SoftwareSlot slot, TestSlots memory) = Create(DirtyLogMode.ManualProtect);
        using (memory)
        {
            slot.NoteWrite(5);
            slot.NoteWrite(70);
            var bitmap = new ulong[Words];
            log.Get(0, bitmap);
            log.Get(0, bitmap);
            Assert.Equal([0x20, 0x40, 0, 0, 0], bitmap);
            Assert.Equal(DirtyLogResult.Ok, log.Clear(0, 64, 64, [0x40]));
            log.Get(0, bitmap);
            Assert.Equal([0x20, 0, 0, 0, 0], bitmap);
            slot.NoteWrite(70);
            log.Get(0, bitmap);
            Assert.Equal([0x20, 0x40, 0, 0, 0], bitmap);
        }
    }

    [Fact]
    public void SetLogging_InitiallySet_AllPagesAndNoTailBits()
    {
        (SoftwareDirtyLog log, SoftwareSlot _, TestSlots memory) = Create(DirtyLogMode.ManualProtectInitiallySet);
        using (memory)
        {
            var bitmap = new ulong[Words];
            log.Get(0, bitmap);
            Assert.Equal([ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, (1UL << 44) - 1], bitmap);
        }
    }

    [Theory]
    [InlineData(1UL, 64UL, DirtyLogResult.InvalidArgument)]
    [InlineData(64UL, 63UL, DirtyLogResult.InvalidArgument)]
    [InlineData(256UL, 44UL, DirtyLogResult.Ok)]
    [InlineData(256UL, 45UL, DirtyLogResult.InvalidArgument)]
    [InlineData(320UL, 0UL, DirtyLogResult.InvalidArgument)]
    [InlineData(0UL, 0UL, DirtyLogResult.Ok)]
    [InlineData(0UL, 320UL, DirtyLogResult.InvalidArgument)]
    [InlineData(ulong.MaxValue - 63, 64UL, DirtyLogResult.InvalidArgument)]
    public void Clear_RangeRules_AnswerAsTheKernel(ulong first, ulong count, DirtyLogResult expected)
    {
        (SoftwareDirtyLog log, SoftwareSlot _, TestSlots memory) = Create(DirtyLogMode.ManualProtect);
        using (memory)
            Assert.Equal(expected, log.Clear(0, first, count, new ulong[8]));
    }

    [Fact]
    public void Get_SlotWithoutLogOrOutOfRange_AnswersAsTheKernel()
    {
        (SoftwareDirtyLog log, SoftwareSlot slot, TestSlots memory) = Create(DirtyLogMode.GetClears);
        using (memory)
        {
            log.SetLogging(slot.Slot, enabled: false);
            Assert.Equal(DirtyLogResult.NoLog, log.Get(0, new ulong[Words]));
            Assert.Equal(DirtyLogResult.NoLog, log.Get(1, new ulong[Words]));
            Assert.Equal(DirtyLogResult.InvalidArgument, log.Get(512, new ulong[Words]));
            Assert.Equal(DirtyLogResult.InvalidArgument, log.Get(-1, new ulong[Words]));
        }
    }

    [Theory]
    [InlineData(DirtyLogMode.GetClears)]
    [InlineData(DirtyLogMode.ManualProtect)]
    [InlineData(DirtyLogMode.ManualProtectInitiallySet)]
    public void Harvest_WritersThatCachePermissions_LosesNoWrite(DirtyLogMode mode)
    {
        (SoftwareDirtyLog log, SoftwareSlot _, TestSlots memory) = Create(mode);
        using (memory)
        {
            var pages = new long[Pages];
            var copy = new long[Pages];
            var stop = new CancellationTokenSource();
            Thread[] writers = [.. Enumerable.Range(0, 2).Select(seed => new Thread(() => Write(log, pages, seed, stop.Token)))];
            foreach (Thread writer in writers)
                writer.Start();
            for (int round = 0; round < 300; round++)
                Harvest(log, mode, pages, copy);
            stop.Cancel();
            foreach (Thread writer in writers)
                writer.Join();
            Harvest(log, mode, pages, copy);
            Assert.Equal(pages, copy);
            stop.Dispose();
        }
    }

    // A CPU: caches "no note needed" per page and drops it at a safe point with a new epoch.
    private static void Write(SoftwareDirtyLog log, long[] pages, int seed, CancellationToken stop)
    {
        SoftwareSlot slot = log.Find(0x8000_0000)!;
        SafePointDomain domain = _domains.GetValue(log, _ => throw new InvalidOperationException());
        SafePointParticipant cpu = domain.Register(static () => { });
        var writable = new bool[Pages];
        var random = new Random(seed);
        cpu.EnterGuest();
        while (!stop.IsCancellationRequested)
        {
            if (cpu.Poll())
                Array.Clear(writable);
            int page = random.Next((int)Pages);
            if (!writable[page])
            {
                slot.NoteWrite((ulong)page);
                writable[page] = true;
            }

            Interlocked.Increment(ref pages[page]);
            if (random.Next(1000) == 0)
            {
                cpu.LeaveGuest();
                Thread.Yield();
                if (cpu.EnterGuest())
                    Array.Clear(writable);
            }
        }

        cpu.LeaveGuest();
    }

    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<SoftwareDirtyLog, SafePointDomain> _domains = [];

    private static void Harvest(SoftwareDirtyLog log, DirtyLogMode mode, long[] pages, long[] copy)
    {
        var bitmap = new ulong[Words];
        Assert.Equal(DirtyLogResult.Ok, log.Get(0, bitmap));
        if (mode != DirtyLogMode.GetClears)
            Assert.Equal(DirtyLogResult.Ok, log.Clear(0, 0, Pages, bitmap));
        for (int page = 0; page < (int)Pages; page++)
        {
            if ((bitmap[page >> 6] >> (page & 63) & 1) != 0)
                copy[page] = Volatile.Read(ref pages[page]);
        }
    }

    private static (SoftwareDirtyLog Log, SoftwareSlot Slot, TestSlots Memory) Create(DirtyLogMode mode)
    {
        var memory = new TestSlots(Pages);
        var domain = new SafePointDomain();
        var log = new SoftwareDirtyLog(domain, mode);
        _domains.Add(log, domain);
        MemorySlot slot = memory.Slot();
        log.CreateSlot(slot);
        log.SetLogging(slot, enabled: true);
        return (log, log.Find(0x8000_0000)!, memory);
    }
}
