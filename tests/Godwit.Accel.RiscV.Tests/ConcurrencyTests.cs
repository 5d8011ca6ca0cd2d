using Godwit.Memory;

namespace Godwit.Accel.RiscV.Tests;

/// <summary>Atomics, several harts, changing code, and the dirty log under running harts.</summary>
public sealed class ConcurrencyTests
{
    private const ulong Shared = 0x8010_0000;

    [Theory]
    [InlineData("amoswap.w", 0x8000_0001, 5, 0xffff_ffff_8000_0001, 5)]
    [InlineData("amoadd.w", 0xffff_ffff, 1, ulong.MaxValue, 0)]
    [InlineData("amoxor.d", 0xf0, 0xff, 0xf0, 0x0f)]
    [InlineData("amoor.d", 0xf0, 0x0f, 0xf0, 0xff)]
    [InlineData("amoand.d", 0xf0, 0x3c, 0xf0, 0x30)]
    [InlineData("amomin.w", 0xffff_ffff, 1, ulong.MaxValue, 0xffff_ffff)]
    [InlineData("amominu.w", 0xffff_ffff, 1, ulong.MaxValue, 1)]
    [InlineData("amomax.w", 0xffff_ffff, 1, ulong.MaxValue, 1)]
    [InlineData("amomaxu.d", 5, ulong.MaxValue, 5, ulong.MaxValue)]
    [InlineData("amomax.d", 5, ulong.MaxValue, 5, 5)]
    public void Amo_EachOperation_ReturnsOldAndStoresNew(string mnemonic, ulong memory, ulong operand, ulong old, ulong stored)
    {
        using var machine = new TestMachine();
        machine.Load($"{mnemonic} a2, a1, (a0)");
        machine.WriteRam(Shared, memory);
        machine.Hart.WriteRegister(10, Shared);
        machine.Hart.WriteRegister(11, operand);
        machine.Run();
        Assert.Equal(old, machine.Register("a2"));
        Assert.Equal(stored, machine.ReadRam(Shared));
    }

    [Fact]
    public void StoreConditional_EachWayToLoseTheReservation_BehavesAsThePeer()
    {
        using var machine = new TestMachine();
        machine.Load("""
            lr.d a1, (a0)
            sc.d a2, a3, (a0)
            sc.d a4, a3, (a0)
            lr.d a1, (a0)
            addi t0, a0, 8
            sc.d a5, a3, (t0)
            lr.d a1, (a0)
            sd a3, 0(a0)
            sc.d a6, zero, (a0)
            lr.d a1, (a0)
            addi t1, a1, 1
            sd t1, 0(a0)
            sc.d a7, zero, (a0)
            """);
        machine.Hart.WriteRegister(10, Shared);
        machine.Hart.WriteRegister(13, 77);
        machine.Run();
        Assert.Equal(0UL, machine.Register("a2"));
        Assert.Equal(1UL, machine.Register("a4")); // used up
        Assert.Equal(1UL, machine.Register("a5")); // other address
        Assert.Equal(0UL, machine.Register("a6")); // same value stored: still matches
        Assert.Equal(1UL, machine.Register("a7")); // other value
        Assert.Equal(1UL, machine.ReadRam(Shared));
    }

    [Fact]
    public void StoreConditional_WithoutReservation_DoesNotTouchMemory()
    {
        using var machine = new TestMachine();
        machine.Run("li a0, 3\n sc.w a1, zero, (a0)");
        Assert.Equal(1UL, machine.Register("a1"));
    }

    [Fact]
    public void FourHarts_AddAndLockInParallel_LoseNothing()
    {
        using var machine = new TestMachine(harts: 4);
        machine.Run($"""
            li s0, {Shared}
            li s1, 20000
            1: li t0, 1
            amoadd.d zero, t0, (s0)
            2: lr.w t1, 8(s0)
            addi s1, s1, -1
            bnez s1, 1b
            amoadd.d zero, t0, 16(s0)
            csrr t2, mhartid
            bnez t2, park
            li t3, 4
            3: ld t4, 16(s0)
            bne t4, t3, 3b
            j done
            park: j park
            """.Replace("2: lr.w t1, 8(s0)", """
                addi s2, s0, 8
                2: lr.w t1, (s2)
                addi t1, t1, 1
                sc.w t2, t1, (s2)
                bnez t2, 2b
                """, StringComparison.Ordinal).Replace("amoadd.d zero, t0, 16(s0)", "addi s3, s0, 16\n amoadd.d zero, t0, (s3)", StringComparison.Ordinal));
        Assert.Equal(80000UL, machine.ReadRam(Shared));
        Assert.Equal(80000UL, machine.ReadRam(Shared + 8) & uint.MaxValue);
    }

    [Fact]
    public void Store_OverDecodedInstruction_IsExecutedAfterFenceI()
    {
        using var machine = new TestMachine();
        machine.Run("""
            li s0, 3
            la t0, patch
            lw t1, other
            1: patch: li a0, 1
            sw t1, 0(t0)
            fence.i
            add a1, a1, a0
            addi s0, s0, -1
            bnez s0, 1b
            j done
            .balign 4
            other: li a0, 100
            """.Replace("lw t1, other", "la t1, other\n lw t1, 0(t1)", StringComparison.Ordinal));
        Assert.Equal(201UL, machine.Register("a1"));
    }

    [Fact]
    public void DeviceWrite_OverDecodedInstruction_IsExecuted()
    {
        using var machine = new TestMachine();
        machine.DeviceWritten = (offset, _) =>
        {
            if (offset == 8)
                machine.WriteWord(Shared, 0x0640_0513); // li a0, 100
        };
        machine.Load($"""
            li s0, {Shared}
            li t0, 0x100000
            jalr s0
            mv a1, a0
            sw zero, 8(t0)
            fence.i
            jalr s0
            """);
        machine.LoadWords(Shared, 0x0010_0513, 0x0000_8067); // li a0, 1; ret
        machine.Run();
        Assert.Equal(1UL, machine.Register("a1"));
        Assert.Equal(100UL, machine.Register("a0"));
    }

    [Fact]
    public void Store_NextToCode_GoesOnWorkingAtFullWidth()
    {
        using var machine = new TestMachine();
        machine.Run("""
            la s0, word
            li s1, 100000
            1: ld t0, 0(s0)
            addi t0, t0, 1
            sd t0, 0(s0)
            bne t0, s1, 1b
            j done
            .balign 8
            word: .dword 0
            """);
        Assert.Equal(100000UL, machine.Register("t0"));
    }

    [Fact]
    public void DirtyLog_RunningHart_CopyByLogEqualsMemory()
    {
        const int Pages = 512;
        using var machine = new TestMachine();
        machine.Load($"""
            li s0, {Shared}
            li s1, {Pages}
            li s2, 88172645463325252
            1: slli t0, s2, 13
            xor s2, s2, t0
            srli t0, s2, 7
            xor s2, s2, t0
            slli t0, s2, 17
            xor s2, s2, t0
            andi t1, s2, {Pages - 1}
            slli t1, t1, 12
            add t1, t1, s0
            ld t2, 0(t1)
            addi t2, t2, 1
            sd t2, 0(t1)
            sd s2, 8(t1)
            j 1b
            """);
        RamBlock block = machine.Ram.RamBlock!;
        var copy = new byte[block.UsedLengthBytes];
        var bitmap = new ulong[block.PageCount / 64];
        machine.Accelerator.Start();
        using (machine.Memory.BigLock.Enter())
            machine.Memory.StartGlobalLogging(GlobalDirtyTracking.Migration);
        bitmap.AsSpan().Fill(ulong.MaxValue);
        for (int round = 0; round < 100; round++)
        {
            CopyRound(machine, block, bitmap, copy);
            Thread.Yield();
        }

        machine.Accelerator.Stop();
        CopyRound(machine, block, bitmap, copy);
        Assert.True(block.GetSpan(new RamOffset(0), copy.Length).SequenceEqual(copy), "a page was missed");
        using (machine.Memory.BigLock.Enter())
            machine.Memory.StopGlobalLogging(GlobalDirtyTracking.Migration);
    }

    private static void CopyRound(TestMachine machine, RamBlock block, ulong[] bitmap, byte[] copy)
    {
        machine.Memory.SyncDirtyLog(lastStage: false);
        machine.Memory.Dirty.Drain(DirtyClient.Migration, block.Offset, block.UsedLengthBytes, bitmap);
        machine.Memory.ClearDirtyLog(block, new RamOffset(0), block.UsedLengthBytes);
        for (int page = 0; page < (int)block.PageCount; page++)
        {
            if ((bitmap[page >> 6] >> (page & 63) & 1) != 0)
                block.GetSpan(new RamOffset((ulong)page << 12), 4096).CopyTo(copy.AsSpan(page << 12));
        }

        Array.Clear(bitmap);
    }
}
