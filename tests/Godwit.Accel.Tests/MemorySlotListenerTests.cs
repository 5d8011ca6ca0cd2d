using Godwit.Memory;

namespace Godwit.Accel.Tests;

/// <summary>Slots follow the flat view, and the log reaches the dirty bitmaps.</summary>
public sealed class MemorySlotListenerTests
{
    [Fact]
    public void Commit_RegionsComeAndGo_SlotsFollow()
    {
        using var memory = new TestSlots();
        var log = new SoftwareDirtyLog(new SafePointDomain());
        using (memory.Memory.BigLock.Enter())
        {
            memory.AddressSpace.RegisterListener(new MemorySlotListener(log, memory.Memory.Dirty));
            Assert.NotNull(log.Find(0x8000_0000));
            Assert.Null(log.Find(0x8000_0000 + (300 * 4096)));
            MemoryRegion rom = MemoryRegion.CreateRom(memory.Memory, "rom", 8192);
            memory.Root.AddSubregion(rom, 0x8001_0000, 1);
            Assert.Equal(3, log.Slots.Length);
            Assert.True(log.Find(0x8001_0000)!.IsReadOnly);
            Assert.Equal(0x12000UL, log.Find(0x8001_2000)!.Slot.OffsetInBlock.Value);
            memory.Root.RemoveSubregion(rom);
            Assert.Single(log.Slots);
        }
    }

    [Theory]
    [InlineData(DirtyLogMode.GetClears)]
    [InlineData(DirtyLogMode.ManualProtect)]
    public void LogSync_NotedPages_ReachTheMigrationBitmapOnce(DirtyLogMode mode)
    {
        using var memory = new TestSlots();
        var log = new SoftwareDirtyLog(new SafePointDomain(), mode);
        using (memory.Memory.BigLock.Enter())
        {
            memory.AddressSpace.RegisterListener(new MemorySlotListener(log, memory.Memory.Dirty));
            memory.Memory.StartGlobalLogging(GlobalDirtyTracking.Migration);
        }

        var words = new ulong[5];
        memory.Memory.Dirty.Drain(DirtyClient.Migration, memory.Block.Offset, memory.Block.UsedLengthBytes, words);
        Array.Clear(words);
        log.Find(0x8000_0000)!.NoteWrite(77);
        memory.Memory.SyncDirtyLog(lastStage: false);
        memory.Memory.Dirty.Drain(DirtyClient.Migration, memory.Block.Offset, memory.Block.UsedLengthBytes, words);
        Assert.Equal([0, 1UL << 13, 0, 0, 0], words);
        memory.Memory.ClearDirtyLog(memory.Block, new RamOffset(0), memory.Block.UsedLengthBytes);
        Array.Clear(words);
        memory.Memory.SyncDirtyLog(lastStage: false);
        memory.Memory.Dirty.Drain(DirtyClient.Migration, memory.Block.Offset, memory.Block.UsedLengthBytes, words);
        Assert.All(words, word => Assert.Equal(0UL, word));
        log.Find(0x8000_0000)!.NoteWrite(77);
        memory.Memory.SyncDirtyLog(lastStage: false);
        memory.Memory.Dirty.Drain(DirtyClient.Migration, memory.Block.Offset, memory.Block.UsedLengthBytes, words);
        Assert.Equal(1UL << 13, words[1]);
    }

    [Theory]
    [InlineData(DirtyLogMode.GetClears)]
    [InlineData(DirtyLogMode.ManualProtect)]
    public void HarvestedPages_PagesWrittenAgain_CountOncePerClearing(DirtyLogMode mode)
    {
        using var memory = new TestSlots();
        var log = new SoftwareDirtyLog(new SafePointDomain(), mode);
        var listener = new MemorySlotListener(log, memory.Memory.Dirty);
        using (memory.Memory.BigLock.Enter())
            memory.AddressSpace.RegisterListener(listener);
        using var cycle = new DirtyLogCycle(memory.Memory, GlobalDirtyTracking.DirtyRate);
        SoftwareSlot slot = log.Find(0x8000_0000)!;
        Assert.True(slot.NoteWrite(5));
        Assert.False(slot.NoteWrite(5));
        Assert.True(slot.NoteWrite(299));
        memory.Memory.SyncDirtyLog(lastStage: false);
        memory.Memory.SyncDirtyLog(lastStage: false);
        Assert.Equal(2, listener.HarvestedPages);
        memory.Memory.ClearDirtyLog(memory.Block, new RamOffset(5 * 4096), 4096);
        Assert.True(slot.NoteWrite(5));
        Assert.Equal(mode == DirtyLogMode.GetClears, slot.NoteWrite(299));
        cycle.Renew();
        Assert.Equal(mode == DirtyLogMode.GetClears ? 4 : 3, listener.HarvestedPages);
        cycle.Renew();
        Assert.Equal(mode == DirtyLogMode.GetClears ? 4 : 3, listener.HarvestedPages);
        Assert.True(slot.NoteWrite(5));
    }

    [Fact]
    public void Commit_LoggedSlotDeleted_ItsLastBitsAreMerged()
    {
        using var memory = new TestSlots();
        var log = new SoftwareDirtyLog(new SafePointDomain(), DirtyLogMode.GetClears);
        var words = new ulong[5];
        using (memory.Memory.BigLock.Enter())
        {
            memory.AddressSpace.RegisterListener(new MemorySlotListener(log, memory.Memory.Dirty));
            memory.Memory.StartGlobalLogging(GlobalDirtyTracking.Migration);
            memory.Memory.Dirty.Drain(DirtyClient.Migration, memory.Block.Offset, memory.Block.UsedLengthBytes, words);
            log.Find(0x8000_0000)!.NoteWrite(3);
            memory.Root.RemoveSubregion(memory.Ram);
        }

        Array.Clear(words);
        memory.Memory.Dirty.Drain(DirtyClient.Migration, memory.Block.Offset, memory.Block.UsedLengthBytes, words);
        Assert.Equal(8UL, words[0]);
    }
}
