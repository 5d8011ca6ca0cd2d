namespace Godwit.Accel.RiscV.Tests;

/// <summary>Sv39/48/57 translation, A/D bits, permission checks and PMP. Table pages are at 0x80100000 and up.</summary>
public sealed class VirtualMemoryTests
{
    private const ulong RootTable = 0x8010_0000;
    private const ulong Leaf = 0x8010_4000;
    private const ulong Data = 0x8020_0000;
    private const ulong V = 1;
    private const ulong R = 2;
    private const ulong W = 4;
    private const ulong X = 8;
    private const ulong U = 16;
    private const ulong A = 64;
    private const ulong D = 128;

    /// <summary>Where S-mode sees the page under test; code is identity-mapped by a gigapage.</summary>
    private const ulong Virtual = 0x4000_0000;

    private static ulong Pte(ulong physical, ulong bits) => physical >> 12 << 10 | bits;

    /// <summary>Maps 0x80000000 to itself and <see cref="Virtual"/> by a chain of tables to a leaf entry.</summary>
    private static void Map(TestMachine machine, ulong leaf, int levels = 3)
    {
        ulong table = RootTable;
        for (int level = levels - 1; level > 2; level--)
        {
            machine.WriteRam(table, Pte(table + 0x1000, V));
            table += 0x1000;
        }

        machine.WriteRam(table + (2 * 8), Pte(0x8000_0000, V | R | W | X | A | D));
        machine.WriteRam(table, Pte(0, V | R | W | A | D));
        machine.WriteRam(table + 8, Pte(0x8010_3000, V));
        machine.WriteRam(0x8010_3000, Pte(Leaf, V));
        machine.WriteRam(Leaf, leaf);
        machine.WriteRam(Data, 0x1122_3344_5566_7788);
    }

    private static string Program(string access, int mode = 8, ulong status = 0) => $"""
        j start
        .balign 4
        trap: csrr s2, mcause
        csrr s4, mtval
        csrr s3, mepc
        j done
        start: la t0, trap
        csrw mtvec, t0
        li t0, -1
        csrw pmpaddr0, t0
        li t0, 0x1f
        csrw pmpcfg0, t0
        li t0, {((ulong)mode << 60) | (RootTable >> 12)}
        csrw satp, t0
        li t0, 0x1800
        csrc mstatus, t0
        li t0, {0x800 | status}
        csrs mstatus, t0
        la t0, 1f
        csrw mepc, t0
        li a0, {Virtual}
        mret
        .balign 4
        1: {access}
        ecall
        """;

    [Theory]
    [InlineData(8, 3)]
    [InlineData(9, 4)]
    [InlineData(10, 5)]
    public void Load_MappedPage_ReadsAndSetsAccessed(int mode, int levels)
    {
        using var machine = new TestMachine(maximumMode: 10);
        machine.Load(Program("ld a1, 0(a0)", mode));
        Map(machine, Pte(Data, V | R | W), levels);
        machine.Run();
        Assert.Equal(9UL, machine.Register("s2"));
        Assert.Equal(0x1122_3344_5566_7788UL, machine.Register("a1"));
        Assert.Equal(Pte(Data, V | R | W | A), machine.ReadRam(Leaf));
    }

    [Fact]
    public void Store_AfterALoadOfTheSamePage_SetsDirty()
    {
        using var machine = new TestMachine();
        machine.Load(Program("ld a1, 0(a0)\n sd zero, 8(a0)"));
        Map(machine, Pte(Data, V | R | W));
        machine.Run();
        Assert.Equal(Pte(Data, V | R | W | A | D), machine.ReadRam(Leaf));
    }

    [Theory]
    [InlineData("ld a1, 0(a0)", 0UL, 0UL, 13UL)] // invalid
    [InlineData("ld a1, 0(a0)", V | W, 0UL, 13UL)] // writable but not readable
    [InlineData("ld a1, 0(a0)", V | X, 0UL, 13UL)] // executable only
    [InlineData("ld a1, 0(a0)", V | X, 1UL << 19, 9UL)] // executable only, MXR
    [InlineData("ld a1, 0(a0)", V | R | U, 0UL, 13UL)] // user page without SUM
    [InlineData("ld a1, 0(a0)", V | R | U, 1UL << 18, 9UL)] // user page with SUM
    [InlineData("jr a0", V | R | X | U, 1UL << 18, 12UL)] // SUM does not allow fetching
    [InlineData("jr a0", V | R, 0UL, 12UL)]
    [InlineData("sd a1, 0(a0)", V | R, 0UL, 15UL)]
    [InlineData("ld a1, 0(a0)", V | R | 1UL << 54, 0UL, 13UL)] // reserved bit
    [InlineData("ld a1, 0(a0)", V | R | 1UL << 63, 0UL, 13UL)] // N
    [InlineData("amoadd.d a1, a2, (a0)", V | R, 0UL, 15UL)]
    [InlineData("lr.d a1, (a0)", 0UL, 0UL, 13UL)]
    [InlineData("amoadd.d a1, a2, 4(a0)", V | R | W, 0UL, 6UL)]
    public void Access_PageTableShapes_TrapAsDefined(string access, ulong bits, ulong status, ulong cause)
    {
        if (access.Contains("4(a0)", StringComparison.Ordinal))
            access = "addi a0, a0, 4\n amoadd.d a1, a2, (a0)";
        using var machine = new TestMachine();
        machine.Load(Program(access, status: status));
        Map(machine, Pte(Data, bits));
        machine.Run();
        Assert.Equal(cause, machine.Register("s2"));
        if (cause is 12 or 13 or 15)
            Assert.Equal(Virtual, machine.Register("s4"));
    }

    [Fact]
    public void Load_SecondPageMissing_ReportsItsFirstByte()
    {
        using var machine = new TestMachine();
        machine.Load(Program("li t1, 0xffc\n add a0, a0, t1\n ld a1, 0(a0)"));
        Map(machine, Pte(Data, V | R | A));
        machine.Run();
        Assert.Equal(13UL, machine.Register("s2"));
        Assert.Equal(Virtual + 0x1000, machine.Register("s4"));
    }

    [Fact]
    public void Store_AcrossPagesWithTheSecondMissing_StoresNothing()
    {
        using var machine = new TestMachine();
        machine.Load(Program("li t1, 0xffc\n add a0, a0, t1\n li a1, -1\n sd a1, 0(a0)"));
        Map(machine, Pte(Data, V | R | W | A | D));
        machine.WriteRam(Data + 0xff8, 0);
        machine.Run();
        Assert.Equal(15UL, machine.Register("s2"));
        Assert.Equal(0UL, machine.ReadRam(Data + 0xff8));
    }

    [Fact]
    public void Fetch_InstructionAcrossPagesWithTheSecondMissing_ReportsItsAddress()
    {
        using var machine = new TestMachine();
        machine.Load(Program("li t1, 0xffe\n add a0, a0, t1\n jr a0"));
        Map(machine, Pte(Data, V | R | X | A));
        machine.WriteRam(Data + 0xff8, 0x0013_0000_0000_0000);
        machine.Run();
        Assert.Equal(12UL, machine.Register("s2"));
        Assert.Equal(Virtual + 0x1000, machine.Register("s4"));
        Assert.Equal(Virtual + 0xffe, machine.Register("s3"));
    }

    [Fact]
    public void Load_NonCanonicalAddress_IsAPageFault()
    {
        using var machine = new TestMachine();
        machine.Load(Program("li a0, 0x4000000000\n ld a1, 0(a0)"));
        Map(machine, Pte(Data, V | R));
        machine.Run();
        Assert.Equal(13UL, machine.Register("s2"));
        Assert.Equal(0x40_0000_0000UL, machine.Register("s4"));
    }

    [Fact]
    public void Load_TableOutsideRam_IsAnAccessFault()
    {
        using var machine = new TestMachine();
        machine.Load(Program("ld a1, 0(a0)"));
        Map(machine, Pte(Data, V | R));
        machine.WriteRam(0x8010_3000, Pte(0x10_0000, V));
        machine.Run();
        Assert.Equal(5UL, machine.Register("s2"));
    }

    [Fact]
    public void SfenceVma_AfterChangingAnEntry_TheNewPageIsSeen()
    {
        using var machine = new TestMachine();
        machine.Load(Program($"""
            ld a1, 0(a0)
            li t1, {Leaf}
            li t2, {Pte(Data + 0x1000, V | R | A)}
            sd t2, 0(t1)
            sfence.vma
            ld a2, 0(a0)
            """));
        Map(machine, Pte(Data, V | R | A));
        machine.WriteRam(Data + 0x1000, 42);
        machine.Run();
        Assert.Equal(0x1122_3344_5566_7788UL, machine.Register("a1"));
        Assert.Equal(42UL, machine.Register("a2"));
    }

    [Fact]
    public void Satp_ModeThatDoesNotExist_IsNotWritten()
    {
        using var machine = new TestMachine();
        machine.Run("li a0, 0x9000000000080100\n csrw satp, a0\n csrr a1, satp");
        Assert.Equal(0UL, machine.Register("a1"));
    }

    [Theory]
    [InlineData(0x18u, 5UL)] // NAPOT, no rights
    [InlineData(0x19u, 9UL)] // NAPOT, read
    [InlineData(0x1au, 5UL)] // NAPOT, write only: no read
    public void Pmp_SupervisorLoad_NeedsTheRight(uint configuration, ulong cause)
    {
        using var machine = new TestMachine();
        machine.Load(PmpProgram(configuration, (Data >> 2) | 0x1ff, $"li a0, {Data}\n ld a1, 0(a0)"));
        machine.Run();
        Assert.Equal(cause, machine.Register("s2"));
    }

    [Theory]
    [InlineData(0, 9UL)] // the four protected bytes are at 8
    [InlineData(4, 5UL)] // partly inside
    [InlineData(8, 5UL)] // partly outside
    [InlineData(12, 9UL)]
    public void Pmp_AccessPartlyInsideAnEntry_Fails(int offset, ulong cause)
    {
        using var machine = new TestMachine();
        machine.Load(PmpProgram(0x11, (Data + 8) >> 2, $"li a0, {Data}\n ld a1, {offset}(a0)"));
        machine.Run();
        Assert.Equal(cause, machine.Register("s2"));
    }

    [Fact]
    public void Pmp_LockedEntry_BindsMachineModeAndCannotBeChanged()
    {
        using var machine = new TestMachine();
        machine.Run($"""
            j start
            .balign 4
            trap: csrr s2, mcause
            j done
            start: la t0, trap
            csrw mtvec, t0
            li t0, {(Data >> 2) | 0x1ff}
            csrw pmpaddr0, t0
            li t0, 0x99
            csrw pmpcfg0, t0
            csrw pmpaddr0, zero
            csrw pmpcfg0, zero
            csrr a1, pmpaddr0
            csrr a2, pmpcfg0
            li a0, {Data}
            ld a3, 0(a0)
            sd zero, 0(a0)
            """);
        Assert.Equal((Data >> 2) | 0x1ff, machine.Register("a1"));
        Assert.Equal(0x99UL, machine.Register("a2"));
        Assert.Equal(7UL, machine.Register("s2"));
    }

    [Fact]
    public void Pmp_NoActiveEntry_DeniesSupervisor()
    {
        using var machine = new TestMachine();
        machine.Run("""
            j start
            .balign 4
            trap: csrr s2, mcause
            j done
            start: la t0, trap
            csrw mtvec, t0
            li t0, 0x1000
            csrc mstatus, t0
            li t0, 0x800
            csrs mstatus, t0
            la t0, done
            csrw mepc, t0
            mret
            """);
        Assert.Equal(1UL, machine.Register("s2"));
    }

    private static string PmpProgram(uint configuration, ulong address, string access) => $"""
        j start
        .balign 4
        trap: csrr s2, mcause
        csrr s4, mtval
        j done
        start: la t0, trap
        csrw mtvec, t0
        li t0, {address}
        csrw pmpaddr0, t0
        li t0, -1
        csrw pmpaddr1, t0
        li t0, {0x1f00 | configuration}
        csrw pmpcfg0, t0
        li t0, 0x1800
        csrc mstatus, t0
        li t0, 0x800
        csrs mstatus, t0
        la t0, 1f
        csrw mepc, t0
        mret
        .balign 4
        1: {access}
        ecall
        """;
}
