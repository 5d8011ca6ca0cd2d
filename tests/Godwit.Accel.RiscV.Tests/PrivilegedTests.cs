namespace Godwit.Accel.RiscV.Tests;

/// <summary>Traps, delegation, interrupts and the privileged instructions.</summary>
public sealed class PrivilegedTests
{
    /// <summary>Machine-mode prologue: trap handler that leaves cause, pc and value in s2, s3, s4 and ends.</summary>
    private const string Handler = """
        j start
        .balign 4
        trap: csrr s2, mcause
        csrr s3, mepc
        csrr s4, mtval
        csrr s5, mstatus
        j done
        .balign 4
        strap: csrr s6, scause
        csrr s7, sepc
        csrr s8, stval
        csrr s9, sstatus
        j done
        .balign 4
        start: la t0, trap
        csrw mtvec, t0
        la t0, strap
        csrw stvec, t0
        li t0, -1
        csrw pmpaddr0, t0
        li t0, 0x1f
        csrw pmpcfg0, t0

        """;

    private static string Drop(int mode) => $"""
        li t0, 0x1800
        csrc mstatus, t0
        li t0, {mode << 11}
        csrs mstatus, t0
        la t0, 1f
        csrw mepc, t0
        mret
        .balign 4
        1:

        """;

    [Theory]
    [InlineData(0x0000_0000u, 0UL)] // all zero: 16 bits
    [InlineData(0xffff_ffffu, 0xffff_ffffUL)]
    [InlineData(0x0000_0073u | 0x14d0_2000u, 0x14d0_2073UL)] // csrr zero, stimecmp
    [InlineData(0xda00_2073u, 0xda00_2073UL)] // scountovf
    [InlineData(0x7a00_2073u, 0x7a00_2073UL)] // tselect
    [InlineData(0xc000_1073u, 0xc000_1073UL)] // csrw cycle
    [InlineData(0x3a10_2073u, 0x3a10_2073UL)] // pmpcfg1 on RV64
    [InlineData(0x1000_0057u, 0x1000_0057UL)] // vector
    [InlineData(0x0400_9093u, 0x0400_9093UL)] // slli with bit 26
    [InlineData(0x0200_909bu, 0x0200_909bUL)] // slliw with shift amount 32
    [InlineData(0x1010_a0afu | 0x1000_0000u, 0x1010_a0afUL)] // lr.w with rs2
    [InlineData(0x2800_a0afu, 0x2800_a0afUL)] // amocas.w
    [InlineData(0x0000_6001u, 0x6001UL)] // c.lui with immediate 0 and register 0
    [InlineData(0x0000_8002u, 0x8002UL)] // c.jr zero
    [InlineData(0x0000_2001u, 0x2001UL)] // c.addiw zero
    [InlineData(0x0000_4002u, 0x4002UL)] // c.lwsp zero
    public void Instruction_EncodingThatDoesNotExist_IsIllegalWithItsBits(uint instruction, ulong value)
    {
        using var machine = new TestMachine();
        machine.Run(Handler + $".word {instruction}");
        Assert.Equal(2UL, machine.Register("s2"));
        Assert.Equal(value, machine.Register("s4"));
    }

    [Theory]
    [InlineData(3, 11UL)]
    [InlineData(1, 9UL)]
    [InlineData(0, 8UL)]
    public void Ecall_FromEachMode_HasItsCause(int mode, ulong cause)
    {
        using var machine = new TestMachine();
        machine.Run(Handler + Drop(mode) + "here: ecall");
        Assert.Equal(cause, machine.Register("s2"));
        Assert.Equal(0UL, machine.Register("s4"));
        Assert.Equal((ulong)mode, machine.Register("s5") >> 11 & 3);
    }

    [Fact]
    public void Ebreak_Delegated_GoesToSupervisorWithItsAddress()
    {
        using var machine = new TestMachine();
        var program = machine.Run(Handler + "li t0, 8\n csrw medeleg, t0\n" + Drop(0) + "here: ebreak");
        Assert.Equal(3UL, machine.Register("s6"));
        Assert.Equal(program.AddressOf("here"), machine.Register("s7"));
        Assert.Equal(program.AddressOf("here"), machine.Register("s8"));
        Assert.Equal(0UL, machine.Register("s9") & 0x100);
    }

    [Fact]
    public void Trap_FromMachineMode_IsNeverDelegated()
    {
        using var machine = new TestMachine();
        machine.Run(Handler + "li t0, -1\n csrw medeleg, t0\n ebreak");
        Assert.Equal(3UL, machine.Register("s2"));
    }

    [Theory]
    [InlineData("mret", 1, 2UL)]
    [InlineData("sret", 0, 2UL)]
    [InlineData("wfi", 0, 2UL)]
    [InlineData("sfence.vma", 0, 2UL)]
    [InlineData("csrr t0, mstatus", 1, 2UL)]
    [InlineData("csrr t0, time", 1, 2UL)]
    [InlineData("csrr t0, satp", 1, 0UL)]
    public void PrivilegedInstruction_InLowerMode_IsIllegal(string instruction, int mode, ulong cause)
    {
        using var machine = new TestMachine();
        machine.Run(Handler + Drop(mode) + instruction);
        Assert.Equal(cause, machine.Register("s2"));
    }

    [Theory]
    [InlineData(20, "csrr t0, satp")]
    [InlineData(20, "csrw satp, zero")]
    [InlineData(20, "sfence.vma")]
    [InlineData(21, "wfi")]
    [InlineData(22, "sret")]
    public void SupervisorInstruction_TrappedByMstatus_IsIllegal(int bit, string instruction)
    {
        using var machine = new TestMachine();
        machine.Run(Handler + $"li t0, {1 << bit}\n csrs mstatus, t0\n" + Drop(1) + instruction);
        Assert.Equal(2UL, machine.Register("s2"));
    }

    [Fact]
    public void Interrupt_SeveralPending_LowestNumberIsTakenFirst()
    {
        using var machine = new TestMachine();
        machine.Load(Handler + """
            li t0, 0xaaa
            csrw mie, t0
            csrsi mstatus, 8
            nop
            """);
        machine.Hart.SetInterruptLine(InterruptLine.MachineExternal, level: true);
        machine.Hart.SetInterruptLine(InterruptLine.MachineTimer, level: true);
        machine.Run();
        Assert.Equal(0x8000_0000_0000_0007, machine.Register("s2"));
        Assert.Equal(0UL, machine.Register("s4"));
    }

    [Fact]
    public void Interrupt_VectoredMode_EntersAtFourTimesTheCause()
    {
        using var machine = new TestMachine();
        machine.Load("""
            la t0, table
            addi t0, t0, 1
            csrw mtvec, t0
            li t0, 0x80
            csrw mie, t0
            csrsi mstatus, 8
            1: j 1b
            .balign 4
            table: j fail
            j fail
            j fail
            j fail
            j fail
            j fail
            j fail
            j good
            fail: li a0, 1
            j done
            good: li a0, 7
            """);
        machine.Hart.SetInterruptLine(InterruptLine.MachineTimer, level: true);
        machine.Run();
        Assert.Equal(7UL, machine.Register("a0"));
    }

    [Fact]
    public void Interrupt_PostedWhileTheHartLoops_IsTaken()
    {
        using var machine = new TestMachine();
        machine.DeviceWritten = (offset, _) =>
        {
            if (offset == 8)
                ThreadPool.QueueUserWorkItem(_ => machine.Hart.SetInterruptLine(InterruptLine.MachineSoftware, level: true));
        };
        machine.Run(Handler + """
            csrwi mie, 8
            csrsi mstatus, 8
            li t1, 0x100000
            sw zero, 8(t1)
            1: j 1b
            """);
        Assert.Equal(0x8000_0000_0000_0003, machine.Register("s2"));
    }

    [Fact]
    public void Wfi_InterruptPostedLater_GoesOnAfterIt()
    {
        using var machine = new TestMachine();
        machine.DeviceWritten = (offset, _) =>
        {
            if (offset == 8)
                ThreadPool.QueueUserWorkItem(_ => WakeWhenHalted(machine));
        };
        machine.Run("""
            li t0, 0x80
            csrw mie, t0
            li t1, 0x100000
            sw zero, 8(t1)
            wfi
            li a0, 5
            """);
        Assert.Equal(5UL, machine.Register("a0"));
        Assert.False(machine.Hart.IsHalted);
    }

    [Fact]
    public void Mip_SoftwareBits_FollowWritesAndHardwareBitsDoNot()
    {
        using var machine = new TestMachine();
        machine.Hart.SetInterruptLine(InterruptLine.SupervisorExternal, level: true);
        machine.Run("""
            li t0, -1
            csrw mip, t0
            csrr a0, mip
            csrw mip, zero
            csrr a1, mip
            """);
        Assert.Equal(0x2666UL, machine.Register("a0"));
        Assert.Equal(0x200UL, machine.Register("a1"));
    }

    [Theory]
    [InlineData("medeleg", ulong.MaxValue, 0xf4_bfffUL)]
    [InlineData("mideleg", ulong.MaxValue, 0x2666UL)]
    [InlineData("mie", ulong.MaxValue, 0xffff_ffff_ffff_eaaaUL)]
    [InlineData("menvcfg", ulong.MaxValue, 0x1000_0000_0000_00f1UL)]
    [InlineData("mcounteren", ulong.MaxValue, 7UL)]
    [InlineData("misa", 0UL, 0x8000_0000_0014_112dUL)]
    [InlineData("mtvec", 0x1234_5672UL, 0UL)]
    [InlineData("mcountinhibit", ulong.MaxValue, 5UL)]
    public void Csr_AfterWriting_KeepsTheBitsOfThePeer(string csr, ulong written, ulong expected)
    {
        using var machine = new TestMachine();
        machine.Load($"csrw {csr}, a0\n csrr a1, {csr}");
        machine.Hart.WriteRegister(10, written);
        machine.Run();
        Assert.Equal(expected, machine.Register("a1"));
    }

    [Fact]
    public void Stop_WhileTheHartLoops_LeavesAnExactState()
    {
        using var machine = new TestMachine();
        var program = machine.Load("1: addi a0, a0, 1\n addi a1, a1, 1\n j 1b");
        for (int i = 0; i < 50; i++)
        {
            machine.Accelerator.Start();
            machine.Accelerator.Stop();
            ulong offset = machine.Hart.ProgramCounter - program.Origin;
            ulong difference = machine.Register("a0") - machine.Register("a1");
            Assert.Equal(offset == 4 ? 1UL : 0UL, difference);
        }
    }

    [Fact]
    public void Stop_WithTheBigLockWhileTheHartWantsADevice_ReturnsAndTheStoreHappensOnce()
    {
        using var machine = new TestMachine();
        machine.Load("""
            li t0, 0x100000
            1: sw zero, 8(t0)
            addi a0, a0, 1
            j 1b
            """);
        for (int i = 0; i < 50; i++)
        {
            machine.Accelerator.Start();
            using (machine.Memory.BigLock.Enter())
            {
                machine.Accelerator.Stop();
                ulong done = machine.Register("a0");
                int writes = machine.Writes.Count;
                Assert.InRange((ulong)writes, done, done + 1);
            }
        }
    }

    private static void WakeWhenHalted(TestMachine machine)
    {
        var spin = default(SpinWait);
        while (!machine.Hart.IsHalted)
            spin.SpinOnce();
        machine.Hart.SetInterruptLine(InterruptLine.MachineTimer, level: true);
    }
}
