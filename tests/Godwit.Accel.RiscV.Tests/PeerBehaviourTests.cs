namespace Godwit.Accel.RiscV.Tests;

/// <summary>
/// What generated programs found to be different from QEMU 10.0.2: expectations are its answers. docs/testing.md, "ISA differential".
/// </summary>
public sealed class PeerBehaviourTests
{
    private const string CatchTraps = """
        la t0, trap
        csrw mtvec, t0
        j go
        .balign 4
        trap:
        csrr s2, mcause
        csrr s3, mepc
        csrr s4, mtval
        addi s3, s3, 4
        csrw mepc, s3
        addi s5, s5, 1
        mret
        go:

        """;

    private static readonly ulong _device = TestMachine.DeviceBase + 8;

    [Fact]
    public void Mret_WithoutProtectionEntries_FaultsWithTheLastBadAddress()
    {
        using var machine = new TestMachine();
        machine.Run("""
            la t0, after
            csrw mtvec, t0
            li t1, 0x40000000
            lw t2, 0(t1)
            .balign 4
            after:
            la t0, done2
            csrw mtvec, t0
            la t0, done
            csrw mepc, t0
            li t0, 0x1800
            csrc mstatus, t0
            the_return: mret
            .balign 4
            done2:
            csrr s2, mcause
            csrr s3, mepc
            csrr s4, mtval
            la s5, the_return
            """);
        Assert.Equal((1UL, machine.Register("s5"), 0x4000_0000UL), (machine.Register("s2"), machine.Register("s3"), machine.Register("s4")));
        Assert.Equal(PrivilegeMode.Machine, machine.Hart.Mode);
    }

    [Theory]
    [InlineData("csrrc", 0x2000)]
    [InlineData("csrrs", 0x2000)]
    [InlineData("csrrw", 0x6000)]
    public void FloatCsr_WithAZeroOperand_BecomesDirtyOnlyByAWrite(string instruction, ulong expected)
    {
        using var machine = new TestMachine();
        machine.Run($"""
            li t0, 0x6000
            csrc mstatus, t0
            li t0, 0x2000
            csrs mstatus, t0
            li t1, 0
            {instruction} t2, frm, t1
            csrr s2, mstatus
            li t0, 0x6000
            and s2, s2, t0
            """);
        Assert.Equal(expected, machine.Register("s2"));
    }

    // QEMU 11.1.3 looks at the address of an SC that fails anyway, 10.0.2 does not; memory that is not there is no fault for either.
    [Theory]
    [InlineData("10.0", 0x80001001UL, 0UL)]
    [InlineData("11.1", 0x80001001UL, 6UL)]
    [InlineData("11.1", 0x80001000UL, 0UL)]
    [InlineData("11.1", 0x40000000UL, 0UL)]
    public void StoreConditional_WithoutReservation_FaultsByRelease(string release, ulong address, ulong cause)
    {
        using var machine = new TestMachine(model: Model(release));
        machine.Run(CatchTraps + $"""
            li s2, 0
            li t0, {address}
            li t1, 7
            sc.w t1, zero, (t0)
            """);
        Assert.Equal((cause, cause == 0 ? 1UL : 7), (machine.Register("s2"), machine.Register("t1")));
    }

    // QEMU 11.1.3 makes FS dirty when a comparison raises a flag; 10.0.2 only by what writes a float register or a float CSR.
    [Theory]
    [InlineData("10.0", 0x7ff0_0000_0000_0001UL, 0x2000UL)]
    [InlineData("11.1", 0x7ff0_0000_0000_0001UL, 0x6000UL)]
    [InlineData("11.1", 0x3ff0_0000_0000_0000UL, 0x2000UL)]
    public void Comparison_ThatRaisesAFlag_MakesFloatDirtyByRelease(string release, ulong operand, ulong expected)
    {
        using var machine = new TestMachine(model: Model(release));
        machine.Run($"""
            li t0, 0x6000
            csrs mstatus, t0
            li t1, {operand}
            .word 0xf20300d3            # fmv.d.x f1, t1
            csrwi fflags, 0
            li t0, 0x4000
            csrc mstatus, t0
            .word 0xa210a2d3            # feq.d t0, f1, f1
            csrr s2, mstatus
            li t0, 0x6000
            and s2, s2, t0
            """);
        Assert.Equal(expected, machine.Register("s2"));
    }

    // QEMU 11.1.3 keeps the bits above the address, compares with them and migrates them, but does not show them.
    [Theory]
    [InlineData("10.0", ulong.MaxValue)]
    [InlineData("11.1", (1UL << 54) - 1)]
    public void PmpAddress_AllOnes_ReadsByRelease(string release, ulong expected)
    {
        using var machine = new TestMachine(model: Model(release));
        machine.Run("""
            li t0, -1
            csrw pmpaddr3, t0
            csrr s2, pmpaddr3
            """);
        Assert.Equal(expected, machine.Register("s2"));
    }

    private static RiscVCpuModel Model(string release) => release == "10.0" ? RiscVCpuModel.Qemu10_0 : RiscVCpuModel.Qemu11_1;

    [Fact]
    public void StoreConditional_AfterATrap_Fails()
    {
        using var machine = new TestMachine();
        machine.Run(CatchTraps + """
            li t1, 0x80100000
            lr.d t2, (t1)
            ecall
            sc.d s6, t2, (t1)
            """);
        Assert.Equal((1UL, 1UL), (machine.Register("s5"), machine.Register("s6")));
    }

    [Fact]
    public void StoreConditional_NarrowerThanTheLoad_StoresButReportsFailure()
    {
        using var machine = new TestMachine();
        machine.WriteRam(0x8010_0000, 0x1111_1111_2222_2222);
        machine.Run("""
            li t1, 0x80100000
            li t3, 0x33333333
            lr.d t2, (t1)
            sc.w s6, t3, (t1)
            """);
        Assert.Equal((1UL, 0x1111_1111_3333_3333UL), (machine.Register("s6"), machine.ReadRam(0x8010_0000)));
    }

    [Fact]
    public void Atomic_OnADevice_ReadsAndWritesIt()
    {
        using var machine = new TestMachine { DeviceRead = static (_, _) => 0x8000_0001 };
        machine.Run($"""
            li t1, {_device}
            li t2, 5
            amoadd.w s2, t2, (t1)
            lr.w s3, (t1)
            sc.w s4, t2, (t1)
            """);
        Assert.Equal((0xffff_ffff_8000_0001UL, 0xffff_ffff_8000_0001UL, 0UL), (machine.Register("s2"), machine.Register("s3"), machine.Register("s4")));
        Assert.Equal([(8UL, 4, 0x8000_0006UL), (8UL, 4, 5UL)], machine.Writes.Take(2));
    }

    [Theory]
    [InlineData(8, 0x804)]
    [InlineData(10, 0xc02_0a02)]
    [InlineData(9, 0x0101_0101)]
    public void Access_MisalignedOnADevice_IsCutIntoAlignedPieces(uint offset, ulong expected)
    {
        // The device answers with the offset and the size of what it was asked for.
        using var machine = new TestMachine();
        machine.Run($"""
            li t1, {TestMachine.DeviceBase + offset}
            lwu s2, 0(t1)
            """);
        Assert.Equal(expected, machine.Register("s2"));
    }

    [Fact]
    public void Access_ThatCrossesIntoADevice_IsSplitIntoAlignedPieces()
    {
        using var machine = new TestMachine { DeviceRead = static (_, size) => 0x1122_3344_5566_7788UL >> (64 - (8 * size)) };
        machine.Run(CatchTraps + $"""
            li t1, {TestMachine.DeviceBase + 0xffd}
            lw s6, 0(t1)
            """);

        // The second page has no device: the fault is of its first byte.
        Assert.Equal((5UL, TestMachine.DeviceBase + 0x1000), (machine.Register("s2"), machine.Register("s4")));
    }

    [Fact]
    public void Fetch_FromADevice_ExecutesWhatItAnswers()
    {
        // All ones is no instruction; its bits are the trap's value.
        using var machine = new TestMachine { DeviceRead = static (_, _) => 0xffff };
        machine.Run($"""
            la t0, trap
            csrw mtvec, t0
            li t1, {_device}
            jr t1
            .balign 4
            trap:
            csrr s2, mcause
            csrr s3, mepc
            csrr s4, mtval
            """);
        Assert.Equal((2UL, _device, 0xffff_ffffUL), (machine.Register("s2"), machine.Register("s3"), machine.Register("s4")));
    }
}
