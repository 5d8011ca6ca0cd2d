using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine.Tests;

public sealed class VirtioBlockTests
{
    private const uint In = 0;
    private const uint Out = 1;
    private const uint Flush = 4;
    private const uint GetId = 8;
    private const uint DiscardSectors = 11;
    private const uint WriteZeroes = 13;

    [Fact]
    public void Requests_OfEachKind_DoWhatTheySay()
    {
        var image = new MemoryDiskImage(1 << 20);
        using TestMachine machine = Create(image);
        var driver = new VirtioDriver(machine, 0);
        byte[] data = [.. Enumerable.Range(0, 1024).Select(i => (byte)(i * 7))];

        Assert.Equal(1u, driver.Send(0, Request(Out, 3, data), 1));
        Assert.Equal([0], driver.Answer(1));
        Assert.Equal(data, image.Bytes[1536..2560]);
        Assert.Equal(1025u, driver.Send(0, Request(In, 3), 1025));
        Assert.Equal([.. data, (byte)0], driver.Answer(1025));
        driver.Send(0, Request(Flush, 0), 1);
        Assert.Equal(1, image.Flushes);
        Assert.Equal(21u, driver.Send(0, Request(GetId, 0), 21));
        Assert.Equal("disk one\0\0\0\0\0\0\0\0\0\0\0\0\0", Encoding.ASCII.GetString(driver.Answer(21)));
        driver.Send(0, Request(WriteZeroes, 0, Range(3, 1, 1)), 1);
        Assert.Equal(new byte[512], image.Bytes[1536..2048]);
        Assert.Equal(data[512..], image.Bytes[2048..2560]);
        driver.Send(0, Request(DiscardSectors, 0, Range(4, 1, 0)), 1);
        Assert.Equal([0], driver.Answer(1));
        Assert.Equal(1u, driver.Get(0x60));
    }

    [Theory]
    [InlineData(99u, 0UL, 0, 2)]
    [InlineData(Out, 2047UL, 1024, 1)]
    [InlineData(Out, ulong.MaxValue, 512, 1)]
    [InlineData(Out, 0UL, 100, 1)]
    [InlineData(DiscardSectors, 0UL, 7, 2)]
    public void Request_ThatMakesNoSense_IsAnsweredWithAStatus(uint type, ulong sector, int dataBytes, byte status)
    {
        using TestMachine machine = Create(new MemoryDiskImage(1 << 20));
        var driver = new VirtioDriver(machine, 0);
        driver.Send(0, Request(type, sector, new byte[dataBytes]), 1);
        Assert.Equal([status], driver.Answer(1));
    }

    [Theory]
    [InlineData(2047UL, 2u, 0u, 1)]
    [InlineData(ulong.MaxValue, 1u, 0u, 1)]
    [InlineData(0UL, uint.MaxValue, 0u, 1)]
    [InlineData(0UL, 1u, 1u, 2)]
    public void Discard_OutOfRange_IsRefused(ulong sector, uint count, uint flags, byte status)
    {
        using TestMachine machine = Create(new MemoryDiskImage(1 << 20));
        var driver = new VirtioDriver(machine, 0);
        driver.Send(0, Request(DiscardSectors, 0, Range(sector, count, flags)), 1);
        Assert.Equal([status], driver.Answer(1));
    }

    [Fact]
    public void Request_OnAFailingDisk_TellsTheGuest()
    {
        using TestMachine machine = Create(new MemoryDiskImage(1 << 20) { Fails = true });
        var driver = new VirtioDriver(machine, 0);
        driver.Send(0, Request(Out, 0, new byte[512]), 1);
        Assert.Equal([1], driver.Answer(1));
    }

    // What QEMU 10.0.2 and 11.1.3 do with an error that blkdebug injects: the action in BLOCK_IO_ERROR, and whether it has "nospace".
    [Theory]
    [InlineData(Out, 28, DiskErrorAction.Stop, DiskErrorAction.Stop, DiskErrorAction.Stop, true)]
    [InlineData(Out, 5, DiskErrorAction.Stop, DiskErrorAction.Stop, DiskErrorAction.Stop, false)]
    [InlineData(Out, 28, DiskErrorAction.StopOnNoSpace, DiskErrorAction.Report, DiskErrorAction.Stop, true)]
    [InlineData(Out, 5, DiskErrorAction.StopOnNoSpace, DiskErrorAction.Report, DiskErrorAction.Report, false)]
    [InlineData(Out, 28, DiskErrorAction.Ignore, DiskErrorAction.Ignore, DiskErrorAction.Ignore, null)]
    [InlineData(Out, 28, DiskErrorAction.Report, DiskErrorAction.Report, DiskErrorAction.Report, null)]
    [InlineData(In, 5, DiskErrorAction.StopOnNoSpace, DiskErrorAction.Stop, DiskErrorAction.Stop, false)]
    [InlineData(In, 5, DiskErrorAction.StopOnNoSpace, DiskErrorAction.Report, DiskErrorAction.Report, false)]
    public void HostError_ByPolicy_IsReportedAndAnswered(
        uint type, int errno, DiskErrorAction onWrite, DiskErrorAction onRead, DiskErrorAction expected, bool? noSpace)
    {
        var image = new MemoryDiskImage(1 << 20) { Fails = true, Errno = errno };
        using TestMachine machine = Create(image, onWrite, onRead);
        var reports = new BlockingCollection<DiskErrorEventArgs>();
        machine.Machine.DiskFailed += (_, e) => reports.Add(e);
        var driver = new VirtioDriver(machine, 0);
        Offer(driver, Request(type, 0, type == Out ? new byte[512] : []), answerBytes: type == Out ? 1u : 513);

        Assert.True(reports.TryTake(out DiskErrorEventArgs? report, TimeSpan.FromSeconds(20)));
        Assert.Equal(expected, report.Action);
        Assert.Equal(type == Out, report.IsWrite);
        Assert.Equal(noSpace, report.IsNoSpace);
        Assert.Equal("d0", report.DriveId);
        Assert.Equal(errno == 28 ? "No space left on device" : "Input/output error", report.Reason);
        if (expected == DiskErrorAction.Stop)
        {
            // Held back, and done when the machine goes on with a disk that works.
            machine.Machine.Pause();
            Assert.Equal(0, driver.UsedIndex(0));
            image.Fails = false;
            machine.Machine.Resume();
        }

        driver.WaitForUsed(0);
        Assert.Equal([expected == DiskErrorAction.Report ? (byte)1 : (byte)0], driver.ReadMemory(VirtioDriver.Data + 0x10_0000 + (type == Out ? 0u : 512), 1));
    }

    [Fact]
    public void NonsenseRequest_WithThePolicyStop_IsTheGuestsAndTold()
    {
        using TestMachine machine = Create(new MemoryDiskImage(1 << 20), DiskErrorAction.Stop, DiskErrorAction.Stop);
        var driver = new VirtioDriver(machine, 0);
        driver.Send(0, Request(Out, 2047, new byte[1024]), 1);
        Assert.Equal([1], driver.Answer(1));
    }

    [Fact]
    public void Reset_WithAReadAtTheDisk_LeavesGuestMemoryAlone()
    {
        var image = new MemoryDiskImage(1 << 20);
        image.Bytes.AsSpan().Fill(0x5a);
        using TestMachine machine = Create(image);
        var driver = new VirtioDriver(machine, 0);
        image.Gate.Reset();
        Offer(driver, Request(In, 0), answerBytes: 513);
        Assert.True(image.Reached.Wait(TimeSpan.FromSeconds(20)));
        driver.Set(0x70, 0);
        image.Gate.Set();
        machine.Machine.Pause();
        Assert.Equal(new byte[513], driver.ReadMemory(VirtioDriver.Data + 0x10_0000, 513));
    }

    [Fact]
    public void Pause_WithARequestAtTheDisk_WaitsForIt()
    {
        var image = new MemoryDiskImage(1 << 20);
        using TestMachine machine = Create(image);
        var driver = new VirtioDriver(machine, 0);
        image.Gate.Reset();
        Offer(driver, Request(Out, 0, new byte[512]));
        var pause = new Thread(machine.Machine.Pause);
        pause.Start();
        Assert.False(pause.Join(50));
        image.Gate.Set();
        Assert.True(pause.Join(TimeSpan.FromSeconds(20)));
        Assert.Equal(1, driver.UsedIndex(0));
        Offer(driver, Request(Flush, 0));
        Assert.Equal(1, driver.UsedIndex(0));
        machine.Machine.Resume();
        driver.WaitForUsed(0);
        driver.WaitForUsed(0);
    }

    [Fact]
    public void Pause_PreparedAndNothingWrittenSince_DoesNotFlushAgain()
    {
        var image = new MemoryDiskImage(1 << 20);
        using TestMachine machine = Create(image);
        var driver = new VirtioDriver(machine, 0);
        driver.Send(0, Request(Out, 0, new byte[512]), 1);

        machine.Machine.PrepareToPause();
        Assert.Equal(1, image.Flushes);
        machine.Machine.Pause();
        Assert.Equal(1, image.Flushes);

        machine.Machine.Resume();
        driver.Send(0, Request(Out, 0, new byte[512]), 1);
        machine.Machine.Pause();
        Assert.Equal(2, image.Flushes);
    }

    [Fact]
    public void PrepareToPause_RequestInFlight_DoesNotDisturbIt()
    {
        var image = new MemoryDiskImage(1 << 20);
        using TestMachine machine = Create(image);
        var driver = new VirtioDriver(machine, 0);
        image.Gate.Reset();
        Offer(driver, Request(Out, 1, [.. Enumerable.Repeat((byte)0x5a, 512)]));
        Assert.True(image.Reached.Wait(TimeSpan.FromSeconds(20)));
        var prepare = new Thread(machine.Machine.PrepareToPause);
        prepare.Start();
        image.Gate.Set();
        Assert.True(prepare.Join(TimeSpan.FromSeconds(20)));

        driver.WaitForUsed(0);
        Assert.Equal(0x5a, image.Bytes[512]);
        machine.Machine.Pause();
        Assert.Equal(1, driver.UsedIndex(0));
    }

    [Fact]
    public void HeldRequest_AfterAnErrorWithStop_TravelsAndIsDoneElsewhere()
    {
        var failing = new MemoryDiskImage(1 << 20) { Fails = true };
        using TestMachine source = Create(failing, DiskErrorAction.Stop);
        var driver = new VirtioDriver(source, 0);
        Offer(driver, Request(Out, 5, [.. Enumerable.Repeat((byte)0x5a, 512)]));
        source.Machine.Pause();
        byte[] body = Convert.FromHexString(SectionVectorTests.Save(Find(source), PeerProfile.Qemu11_1));
        Assert.True(body.Length > 49168);
        Assert.Equal(0, driver.UsedIndex(0));

        var working = new MemoryDiskImage(1 << 20);
        using TestMachine destination = Create(working, DiskErrorAction.Stop);
        destination.Machine.Pause();
        new VirtioDriver(destination, 0).WriteMemory(0x8030_0000, driver.ReadMemory(0x8030_0000, 0x20_0000));
        using (destination.Memory.BigLock.Enter())
            VmStateCodec.Load(Find(destination), MigrationReader.FromMemory(body), 2);
        destination.Machine.Resume();
        Assert.True(SpinWait.SpinUntil(() => destination.Read(VirtioDriver.Used(0) + 2, 2) == 1, TimeSpan.FromSeconds(20)));
        Assert.Equal(0x5a, working.Bytes[5 * 512]);
        Assert.Equal(0x5a, working.Bytes[(6 * 512) - 1]);
    }

    [Fact]
    public void Reset_WithARequestAtTheDisk_DropsItsAnswer()
    {
        var image = new MemoryDiskImage(1 << 20);
        using TestMachine machine = Create(image);
        var driver = new VirtioDriver(machine, 0);
        image.Gate.Reset();
        Offer(driver, Request(Out, 0, new byte[512]));
        driver.Set(0x70, 0);
        image.Gate.Set();
        machine.Machine.Pause();
        Assert.Equal(0, driver.UsedIndex(0));
        Assert.Equal(0u, driver.Get(0x60));
    }

    [Fact]
    public void Config_OfAnEightMebibyteDisk_EqualsQemus()
    {
        using TestMachine machine = Create(new MemoryDiskImage(8 << 20));
        byte[] config = [.. Enumerable.Range(0, 57).Select(i => (byte)machine.Read(0x1000_1100 + (ulong)i, 1))];
        Assert.Equal(
            "004000000000000000000000fe0000001000103f00020000000000000000000001000100ffff3f000100000001000000ffff3f000100000001",
            Convert.ToHexStringLower(config));
        Assert.Equal(0xffUL, machine.Read(0x1000_1139, 1));
    }

    // Registers 0x034 and 0x10c of QEMU 11.1.3 with queue-size=1024.
    [Fact]
    public void QueueSize_Given_IsOfferedWithItsSegments()
    {
        using var machine = new TestMachine(new VirtMachineOptions
        {
            RamBytes = 16 << 20,
            VirtioDevices = [new VirtioBlockOptions { Slot = 0, Image = new MemoryDiskImage(1 << 20), QueueSize = 1024 }],
        });
        Assert.Equal(0x400UL, machine.Read(0x1000_1034));
        Assert.Equal(0x3feUL, machine.Read(0x1000_110c));
    }

    [Fact]
    public void RawDiskImage_ReadsWritesAndPunches()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)1, 16384)]);
            using (var image = new RawDiskImage(path))
            {
                image.Write(100, [2, 3]);
                image.Zero(4096, 8192, mayUnmap: true);
                image.Zero(512, 10, mayUnmap: false);
                image.Flush();
                var bytes = new byte[16384];
                image.Read(0, bytes);
                Assert.Equal([2, 3, 1], bytes[100..103]);
                Assert.Equal(new byte[8192], bytes[4096..12288]);
                Assert.Equal([1, .. new byte[10], 1], bytes[511..523]);
                Assert.Equal(16384, image.LengthBytes);
            }

            using var readOnly = new RawDiskImage(path, isReadOnly: true);
            Assert.Throws<UnauthorizedAccessException>(() => readOnly.Write(0, [1]));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static TestMachine Create(
        MemoryDiskImage image, DiskErrorAction onWrite = DiskErrorAction.StopOnNoSpace, DiskErrorAction onRead = DiskErrorAction.Report) =>
        new(new VirtMachineOptions
        {
            RamBytes = 16 << 20,
            VirtioDevices =
            [
                new VirtioBlockOptions { Slot = 0, Image = image, Serial = "disk one", DriveId = "d0", WriteErrors = onWrite, ReadErrors = onRead },
            ],
        });

    private static SaveStateEntry Find(TestMachine machine) => machine.Registry.Find("virtio-mmio@0000000010001000/virtio-blk", 0)!;

    private static void Offer(VirtioDriver driver, byte[] request, uint answerBytes = 1)
    {
        driver.WriteMemory(VirtioDriver.Data, request);
        driver.SetDescriptor(0, 0, VirtioDriver.Data, (uint)request.Length, 1, 1);
        driver.SetDescriptor(0, 1, VirtioDriver.Data + 0x10_0000, answerBytes, 2);
        driver.Offer(0, 0);
    }

    private static byte[] Request(uint type, ulong sector, byte[]? data = null)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, type);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), sector);
        return [.. bytes, .. data ?? []];
    }

    private static byte[] Range(ulong sector, uint count, uint flags)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, sector);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), count);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), flags);
        return bytes;
    }
}
