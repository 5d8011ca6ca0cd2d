using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine.Tests;

/// <summary>The balloon: sections as captured, and a driver that does what Linux does.</summary>
public sealed class VirtioBalloonTests
{
    private const ulong Page = 4096;
    private const string IdString = "virtio-mmio@0000000010001000/virtio-balloon";

    // From qemu-system-riscv64 10.0.2 with -m 64 and -bios none, after balloon(32 MiB); 11.1.3 writes the same bytes.
    public static TheoryData<VirtioBalloonOptions, string> Captured => new()
    {
        {
            new VirtioBalloonOptions { Slot = 0 },
            "000000000000000000000000000000000000000000000010000000000000000000000000000000000000000300000080000010000000000000000000"
            + "00000000008000001000000000000000000000000000008000001000000000000000000000000000200000000000051576697274696f2f3634626974"
            + "5f6665617475726573000000010000000000000000"
        },
        {
            new VirtioBalloonOptions { Slot = 0, HasFreePageHints = true, HasFreePageReporting = true, DeflatesOnOutOfMemory = true },
            "000000000000000000000000000000000000000000000010000000000000000000000000000000000000000500000080000010000000000000000000"
            + "000000000080000010000000000000000000000000000080000010000000000000000000000000000400000010000000000000000000000000000020"
            + "00001000000000000000000000000000200000000000051576697274696f2f36346269745f6665617475726573000000010000000000000000"
        },
        {
            new VirtioBalloonOptions { Slot = 0, HasFreePageReporting = true, HasPagePoison = false },
            "000000000000000000000000000000000000000000000008000000000000000000000004000000800000100000000000000000000000000000800000"
            + "100000000000000000000000000000800000100000000000000000000000000000200000100000000000000000000000000020000000000005157669"
            + "7274696f2f36346269745f6665617475726573000000010000000000000000"
        },
    };

    [Theory]
    [MemberData(nameof(Captured))]
    public void Section_BeforeAnyDriver_IsThatOfQemu(VirtioBalloonOptions options, string body)
    {
        using TestMachine machine = Create(options);
        SaveStateEntry entry = machine.Registry.Find(IdString, 0)!;
        using (machine.Memory.BigLock.Enter())
            machine.Machine.Balloon!.Request(8192);
        foreach (PeerProfile peer in new[] { PeerProfile.Qemu10_0, PeerProfile.Qemu11_1 })
            Assert.Equal(body, SectionVectorTests.Save(entry, peer));

        using TestMachine other = Create(options);
        SaveStateEntry loaded = other.Registry.Find(IdString, 0)!;
        using (other.Memory.BigLock.Enter())
            VmStateCodec.Load(loaded, MigrationReader.FromMemory(Convert.FromHexString(body)), 1);
        Assert.Equal(body, SectionVectorTests.Save(loaded, PeerProfile.Qemu10_0));
    }

    [Fact]
    public void Inflate_Frames_AreDiscardedAndOthersKept()
    {
        using TestMachine machine = Create(new VirtioBalloonOptions { Slot = 0 });
        var driver = new VirtioDriver(machine, 0, queues: 3, features: 2);
        Fill(driver, 0x8050_0000, 4);

        // Two pages of RAM, the flash's registers, nothing at all, and the end of the address space.
        driver.WriteMemory(VirtioDriver.Data, Words(0x80500, 0x80502, 0x20000, 0x3, uint.MaxValue));
        driver.SetDescriptor(0, 0, VirtioDriver.Data, 20, 0);
        driver.Offer(0, 0);
        driver.WaitForUsed(0);

        Assert.Equal([true, false, true, false], Enumerable.Range(0, 4).Select(i => driver.ReadMemory(0x8050_0000 + ((ulong)i * Page), 4096).All(b => b == 0)));
        Assert.Equal(0, machine.Machine.RamBlock.Mapping.FindTouched(0) % 4096);

        // Pages that come back are used again without more ado.
        driver.SetDescriptor(1, 0, VirtioDriver.Data, 8, 0);
        driver.Offer(1, 0);
        Assert.True(SpinWait.SpinUntil(() => driver.UsedIndex(1) == 1, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void Config_RequestAndAnswer_GoThroughTheRegisters()
    {
        using TestMachine machine = Create(new VirtioBalloonOptions { Slot = 0 });
        VirtioBalloon balloon = machine.Machine.Balloon!;
        var driver = new VirtioDriver(machine, 0, queues: 3, features: 2);
        int changes = 0;
        balloon.SizeChanged += (_, _) => changes++;
        using (machine.Memory.BigLock.Enter())
            balloon.Request(100);
        Assert.Equal(2u, driver.Get(0x60) & 2);
        Assert.Equal(100u, driver.Get(0x100));
        driver.Set(0x104, 60);
        driver.Set(0x104, 60);
        Assert.Equal(60u, balloon.ActualPages);
        Assert.Equal(60u, driver.Get(0x104));
        Assert.Equal(1, changes);
    }

    [Fact]
    public void Statistics_Answers_AreKeptAndAskedForAgain()
    {
        using TestMachine machine = Create(new VirtioBalloonOptions { Slot = 0 });
        VirtioBalloon balloon = machine.Machine.Balloon!;
        var driver = new VirtioDriver(machine, 0, queues: 3, features: 2);
        Assert.Equal(0, balloon.Statistics.LastUpdate);
        byte[] answer = [4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 15, 0, 2, 0, 0, 0, 0, 0, 0, 0, 99, 0, 3, 0, 0, 0, 0, 0, 0, 0, 5, 0, 7];
        driver.WriteMemory(VirtioDriver.Data, answer);
        driver.SetDescriptor(2, 0, VirtioDriver.Data, (uint)answer.Length, 0);
        driver.Offer(2, 0);
        Assert.Equal(1UL, balloon.Statistics.Values[4]);
        Assert.Equal(2UL, balloon.Statistics.Values[15]);
        Assert.Equal(ulong.MaxValue, balloon.Statistics.Values[5]);
        Assert.NotEqual(0, balloon.Statistics.LastUpdate);
        Assert.Equal(0, driver.UsedIndex(2));

        machine.Clock.Start();
        using (machine.Memory.BigLock.Enter())
            balloon.PollingSeconds = 1000;
        driver.WaitForUsed(2);
        Assert.Equal(1000u, balloon.PollingSeconds);
    }

    [Fact]
    public void Load_WithStatisticsOutstanding_AsksOnceMore()
    {
        using TestMachine machine = Create(new VirtioBalloonOptions { Slot = 0 });
        var driver = new VirtioDriver(machine, 0, queues: 3, features: 2);
        driver.WriteMemory(VirtioDriver.Data, [4, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        driver.SetDescriptor(2, 0, VirtioDriver.Data, 10, 0);
        driver.Offer(2, 0);
        SaveStateEntry entry = machine.Registry.Find(IdString, 0)!;
        string body = SectionVectorTests.Save(entry, PeerProfile.Default);
        machine.Machine.Pause();
        driver.WriteMemory(VirtioDriver.Data, [4, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
        using (machine.Memory.BigLock.Enter())
            VmStateCodec.Load(entry, MigrationReader.FromMemory(Convert.FromHexString(body)), 1);
        machine.Machine.Resume();
        Assert.Equal(9UL, machine.Machine.Balloon!.Statistics.Values[4]);
        Assert.Equal(body, SectionVectorTests.Save(entry, PeerProfile.Default));
    }

    [Fact]
    public void Hints_OnlyBetweenItsNumberAndTheNextSync_Count()
    {
        using TestMachine machine = Create(new VirtioBalloonOptions { Slot = 0, HasFreePageHints = true });
        VirtioBalloon balloon = machine.Machine.Balloon!;
        var driver = new VirtioDriver(machine, 0, queues: 4, features: 2 | 8);
        List<(ulong Offset, ulong Length)> seen = [];
        machine.Clock.Start();
        Hint(driver, 0x8060_0000, 0x2000);
        balloon.Begin((block, offset, length) => seen.Add((offset.Value, length)));
        Hint(driver, 0x8060_0000, 0x2000);
        balloon.AfterSync();
        uint id = driver.Get(0x108);
        Assert.Equal(0x8000_0001, id);
        Hint(driver, 0x8060_0000, 0x2000); // still the answer to what was asked before
        Command(driver, id - 1);
        Hint(driver, 0x8060_0000, 0x2000);
        Assert.Empty(seen);

        Command(driver, id);
        Assert.Equal(id, driver.Get(0x108));
        Hint(driver, 0x8060_0000, 0x2000);
        Hint(driver, 0x8070_1000, 0x40_0000);
        Assert.Equal([(0x60_0000UL, 0x2000UL), (0x70_1000UL, 0x40_0000UL)], seen);
        balloon.BeforeSync();
        Assert.Equal(0u, driver.Get(0x108));
        Hint(driver, 0x8060_0000, 0x2000);
        balloon.AfterSync();
        Assert.Equal(id + 1, driver.Get(0x108));
        Command(driver, id + 1);
        Command(driver, 0);
        Hint(driver, 0x8060_0000, 0x2000);
        balloon.End();
        Assert.Equal(1u, driver.Get(0x108));
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public void Hints_GuestThatPoisonsOrStandsStill_IsNotAsked()
    {
        using TestMachine machine = Create(new VirtioBalloonOptions { Slot = 0, HasFreePageHints = true });
        VirtioBalloon balloon = machine.Machine.Balloon!;
        var driver = new VirtioDriver(machine, 0, queues: 4, features: 2 | 8 | 16);
        balloon.Begin((_, _, _) => { });
        balloon.AfterSync();
        Assert.Equal(0u, driver.Get(0x108));
        machine.Clock.Start();
        driver.Set(0x10c, 0xaaaaaaaa);
        balloon.AfterSync();
        Assert.Equal(0u, driver.Get(0x108));
        driver.Set(0x10c, 0);
        balloon.AfterSync();
        Assert.Equal(0x8000_0001, driver.Get(0x108));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(0xaaaaaaaa, false)]
    public void Reports_FreePages_AreDiscardedUnlessPoisoned(uint poison, bool discards)
    {
        using TestMachine machine = Create(new VirtioBalloonOptions { Slot = 0, HasFreePageReporting = true });
        var driver = new VirtioDriver(machine, 0, queues: 4, features: 2 | 16 | 32);
        driver.Set(0x10c, poison);
        Fill(driver, 0x8050_0000, 4);
        driver.SetDescriptor(3, 0, 0x8050_0000, 0x2000, 2);
        driver.Offer(3, 0);
        driver.WaitForUsed(3);
        Assert.Equal(discards, driver.ReadMemory(0x8050_1000, 4096).All(b => b == 0));
        Assert.Equal(1, driver.ReadMemory(0x8050_2000, 1)[0]);

        // Half a page is nothing that could be given back.
        driver.SetDescriptor(3, 0, 0x8050_2800, 0x800, 2);
        driver.Offer(3, 0);
        driver.WaitForUsed(3);
        Assert.Equal(1, driver.ReadMemory(0x8050_2fff, 1)[0]);
    }

    [Fact]
    public void Load_StatusOfHintsOutOfRange_IsRefused()
    {
        var options = new VirtioBalloonOptions { Slot = 0, HasFreePageHints = true };
        using TestMachine machine = Create(options);
        _ = new VirtioDriver(machine, 0, queues: 4, features: 2 | 8);
        SaveStateEntry entry = machine.Registry.Find(IdString, 0)!;
        byte[] body = Convert.FromHexString(SectionVectorTests.Save(entry, PeerProfile.Default));
        int at = body.AsSpan().IndexOf("free-page-report"u8) + "free-page-report".Length + 4;
        body[at + 7] = 4;
        using (machine.Memory.BigLock.Enter())
        {
            var refusal = Assert.Throws<StreamFormatException>(() => VmStateCodec.Load(entry, MigrationReader.FromMemory(body), 1));
            Assert.Contains("0 to 3", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Balloon_Two_AreRefused() => Assert.Throws<InvalidOperationException>(() =>
        new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, VirtioDevices = [new VirtioBalloonOptions(), new VirtioBalloonOptions()] }));

    private static TestMachine Create(VirtioBalloonOptions options) => new(new VirtMachineOptions { RamBytes = 64 << 20, VirtioDevices = [options] });

    private static void Fill(VirtioDriver driver, ulong address, int pages) => driver.WriteMemory(address, [.. Enumerable.Repeat((byte)1, pages * (int)Page)]);

    private static byte[] Words(params uint[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static void Command(VirtioDriver driver, uint id)
    {
        driver.WriteMemory(VirtioDriver.Data, Words(id));
        driver.SetDescriptor(3, 0, VirtioDriver.Data, 4, 0);
        driver.Offer(3, 0);
        driver.WaitForUsed(3);
    }

    private static void Hint(VirtioDriver driver, ulong address, uint length)
    {
        driver.SetDescriptor(3, 1, address, length, 2);
        driver.Offer(3, 1);
        driver.WaitForUsed(3);
    }
}
