using System.Buffers.Binary;
using Godwit.Machine;
using Godwit.Memory;

namespace Godwit.Accel.RiscV.Tests;

/// <summary>Harts, RAM at 0x80000000 and one device at 0x100000 whose writes are collected; writing its register 0 ends a run.</summary>
internal sealed class TestMachine : IDisposable, IMemoryRegionOperations
{
    internal const ulong RamBase = 0x8000_0000;
    internal const ulong RomBase = 0x1000;
    internal const ulong DeviceBase = 0x10_0000;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private static readonly string[] _names =
    [
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
        "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    ];

    private readonly ManualResetEventSlim _finished = new();
    private readonly List<(ulong Offset, int Size, ulong Value)> _writes = [];
    private ulong _time;

    internal TestMachine(int harts = 1, ulong ramBytes = 4 << 20, RiscVCpuModel? model = null, int maximumMode = 8, ulong resetVector = RamBase)
    {
        Memory = new MemorySystem();
        using (Memory.BigLock.Enter())
        {
            MemoryRegion root = MemoryRegion.CreateContainer(Memory, "root", (Int128)1 << 64);
            Ram = MemoryRegion.CreateRam(Memory, "ram", ramBytes);
            Rom = MemoryRegion.CreateRom(Memory, "rom", 0x1000);
            root.AddSubregion(Ram, RamBase);
            root.AddSubregion(Rom, RomBase);
            root.AddSubregion(MemoryRegion.CreateIo(Memory, "finisher", 0x1000, this), DeviceBase);
            AddressSpace = Memory.CreateAddressSpace("memory", root);
        }

        Accelerator = new RiscVAccelerator(Memory, AddressSpace, new RiscVCpuOptions
        {
            HartCount = harts,
            ResetVector = resetVector,
            Model = model ?? RiscVCpuModel.Qemu10_0,
            MaximumTranslationMode = maximumMode,
            ReadTime = () => Interlocked.Increment(ref _time),
        });
    }

    internal MemorySystem Memory { get; }

    internal MemoryRegion Ram { get; }

    internal MemoryRegion Rom { get; }

    internal AddressSpace AddressSpace { get; }

    internal RiscVAccelerator Accelerator { get; }

    internal Hart Hart => Accelerator.Harts[0];

    internal IReadOnlyList<(ulong Offset, int Size, ulong Value)> Writes => _writes;

    /// <summary>Answers device reads: the offset and the size, so that a test sees what was asked.</summary>
    internal Func<ulong, int, ulong> DeviceRead { get; set; } = static (offset, size) => offset << 8 | (uint)size;

    /// <summary>Runs on a device write, on the hart's thread, under the big lock.</summary>
    internal Action<ulong, ulong>? DeviceWritten { get; set; }

    public MemoryTransactionResult Read(ulong offset, int sizeBytes, out ulong value)
    {
        value = DeviceRead(offset, sizeBytes);
        return MemoryTransactionResult.Ok;
    }

    public MemoryTransactionResult Write(ulong offset, int sizeBytes, ulong value)
    {
        _writes.Add((offset, sizeBytes, value));
        DeviceWritten?.Invoke(offset, value);
        if (offset == 0)
            _finished.Set();
        return MemoryTransactionResult.Ok;
    }

    public void Dispose()
    {
        Accelerator.Dispose();
        Memory.Dispose();
        _finished.Dispose();
    }

    /// <summary>Runs a program from the start of RAM until it writes the device's register 0, then stops.</summary>
    /// <remarks>Lines after the program end it: a jump to <c>done</c> does the same.</remarks>
    internal AssembledProgram Run(string source)
    {
        AssembledProgram program = Load(source);
        Run();
        return program;
    }

    internal AssembledProgram Load(string source)
    {
        AssembledProgram program = RiscVAssembler.Assemble(
            source + "\ndone:\n li t6, 0x100000\n sw zero, 0(t6)\nhang: j hang\n", RamBase);
        AddressSpace.WriteRom(new GuestAddress(RamBase), program.Image.AsSpan());
        return program;
    }

    internal void LoadWords(ulong address, params uint[] words)
    {
        foreach (uint word in words)
        {
            WriteWord(address, word);
            address += 4;
        }
    }

    internal void Run()
    {
        _finished.Reset();
        Accelerator.Start();
        bool finished = _finished.Wait(_deadline);
        Accelerator.Stop();
        Assert.True(finished, "the guest did not finish:\n" + Hart.DumpRegisters());
    }

    internal ulong Register(string name) => Hart.ReadRegister(Array.IndexOf(_names, name));

    internal ulong ReadRam(ulong address)
    {
        Span<byte> bytes = stackalloc byte[8];
        AddressSpace.Read(new GuestAddress(address), bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    internal void WriteRam(ulong address, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        AddressSpace.Write(new GuestAddress(address), bytes);
    }

    internal void WriteWord(ulong address, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        AddressSpace.Write(new GuestAddress(address), bytes);
    }
}
