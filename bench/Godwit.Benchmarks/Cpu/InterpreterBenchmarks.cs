using BenchmarkDotNet.Attributes;
using Godwit.Accel.RiscV;
using Godwit.Machine;
using Godwit.Memory;

namespace Godwit.Benchmarks.Cpu;

/// <summary>Twelve guest instructions in a loop (two memory accesses, nine register operations, one branch): time per instruction.</summary>
public class InterpreterBenchmarks : IMemoryRegionOperations
{
    private const int Rounds = 1_000_000;
    private const int InstructionsPerRound = 12;
    private const ulong RamBase = 0x8000_0000;
    private const ulong DeviceBase = 0x10_0000;

    private const string Loop = """
        li a0, 1000000
        la a1, word
        1: ld a2, 0(a1)
        addi a2, a2, 1
        sd a2, 0(a1)
        slli a3, a2, 3
        xor a4, a3, a2
        andi a5, a4, 255
        add a6, a5, a4
        srli a7, a6, 7
        or s2, a7, a2
        sub s3, s2, a3
        addi a0, a0, -1
        bnez a0, 1b
        lui t6, 0x100
        sd zero, 0(t6)
        hang: j hang
        .balign 4096
        word: .dword 0
        """;

    private readonly AutoResetEvent _finished = new(initialState: false);
    private MemorySystem _memory = null!;
    private RiscVAccelerator _accelerator = null!;
    private AssembledProgram _program = null!;

    /// <summary>Makes a machine of RAM and one register that ends a run.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _program = RiscVAssembler.Assemble(Loop, RamBase);
        _memory = new MemorySystem();
        AddressSpace addressSpace;
        using (_memory.BigLock.Enter())
        {
            MemoryRegion root = MemoryRegion.CreateContainer(_memory, "root", (Int128)1 << 64);
            root.AddSubregion(MemoryRegion.CreateRam(_memory, "ram", 1 << 20), RamBase);
            root.AddSubregion(
                MemoryRegion.CreateIo(_memory, "end", 4096, this, new AccessConstraints { MaximumSizeBytes = 8 }), DeviceBase);
            addressSpace = _memory.CreateAddressSpace("memory", root);
        }

        addressSpace.WriteRom(new GuestAddress(RamBase), _program.Image.AsSpan());
        _accelerator = new RiscVAccelerator(_memory, addressSpace, new RiscVCpuOptions { ResetVector = RamBase });
    }

    /// <summary>Ends the machine.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _accelerator.Dispose();
        _memory.Dispose();
        _finished.Dispose();
    }

    /// <summary>Decodes every time.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Rounds * InstructionsPerRound)]
    public void DecodeEachTime()
    {
        var memory = new byte[1 << 20];
        _program.Image.AsSpan().CopyTo(memory);
        new NaiveInterpreter(memory, RamBase).Run();
    }

    /// <summary>A hart.</summary>
    [Benchmark(OperationsPerInvoke = Rounds * InstructionsPerRound)]
    public void Hart()
    {
        _accelerator.Harts[0].Reset();
        _accelerator.Start();
        _finished.WaitOne();
        _accelerator.Stop();
    }

    /// <inheritdoc/>
    public MemoryTransactionResult Read(ulong offset, int sizeBytes, out ulong value)
    {
        value = 0;
        return MemoryTransactionResult.Ok;
    }

    /// <inheritdoc/>
    public MemoryTransactionResult Write(ulong offset, int sizeBytes, ulong value)
    {
        _finished.Set();
        return MemoryTransactionResult.Ok;
    }
}
