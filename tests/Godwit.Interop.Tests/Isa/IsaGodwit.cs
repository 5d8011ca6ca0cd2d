using System.Buffers;
using System.Diagnostics;
using Godwit.Accel;
using Godwit.Accel.RiscV;
using Godwit.Machine;
using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Interop.Tests;

/// <summary>Runs an image on Godwit's machine, in this process.</summary>
internal static class IsaGodwit
{
    /// <summary>Runs an image to its end.</summary>
    /// <param name="image">The image.</param>
    /// <param name="maximumMode">Largest satp mode of the CPU.</param>
    /// <param name="model">The CPU's facts.</param>
    /// <param name="peer">The release whose section is written.</param>
    /// <param name="deadline">How long it may take.</param>
    /// <exception cref="TimeoutException">It took longer.</exception>
    public static IsaState Run(IsaImage image, int maximumMode, RiscVCpuModel model, PeerProfile peer, TimeSpan deadline) =>
        Run(image.Bytes, IsaLayout.Harts, maximumMode, model, peer, deadline);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="image">The memory from its start; the program sets the mark of its end.</param>
    /// <param name="harts">Number of harts.</param>
    /// <param name="maximumMode">Largest satp mode of the CPU.</param>
    /// <param name="model">The CPU's facts.</param>
    /// <param name="peer">The release whose section is written.</param>
    /// <param name="deadline">How long it may take.</param>
    /// <exception cref="TimeoutException">It took longer.</exception>
    public static IsaState Run(byte[] image, int harts, int maximumMode, RiscVCpuModel model, PeerProfile peer, TimeSpan deadline)
    {
        using var memory = new MemorySystem();
        using var clock = new VirtualClock(memory.BigLock);
        using var machine = new VirtMachine(new VirtMachineOptions { RamBytes = (ulong)IsaLayout.RamBytes, HartCount = harts }, memory, clock);
        using var accelerator = new RiscVAccelerator(
            memory,
            machine.AddressSpace,
            new RiscVCpuOptions
            {
                HartCount = harts,
                ResetVector = VirtMachine.ResetVector,
                Model = model,
                MaximumTranslationMode = maximumMode,
                ReadTime = machine.ReadTime,
            });
        machine.ConnectHarts(accelerator.Cpus);
        machine.Reset();
        Hart hart = accelerator.Harts[0];
        foreach (Hart each in accelerator.Harts)
            each.ProgramCounter = IsaLayout.Ram;
        machine.AddressSpace.Write(new GuestAddress(IsaLayout.Ram), image);
        clock.Start();
        accelerator.Start();
        Stopwatch watch = Stopwatch.StartNew();
        byte[] done = new byte[8];
        while (BitConverter.ToUInt64(done) != IsaLayout.DoneMagic)
        {
            if (watch.Elapsed > deadline)
            {
                accelerator.Stop();
                throw new TimeoutException($"the programs do not end:\n{hart.DumpRegisters()}");
            }

            Thread.Sleep(2);
            machine.AddressSpace.Read(new GuestAddress(IsaLayout.Context + IsaLayout.Done), done);
        }

        accelerator.Stop();
        clock.Stop();
        byte[] ram = new byte[IsaLayout.RamBytes];
        machine.AddressSpace.Read(new GuestAddress(IsaLayout.Ram), ram);
        var registry = new VmStateRegistry();
        hart.RegisterState(registry);
        var bytes = new ArrayBufferWriter<byte>();
        var writer = MigrationWriter.ToMemory(bytes);
        VmStateCodec.Save(registry.Find("cpu", 0)!, writer, null, peer);
        writer.Flush();
        return new IsaState(ram, bytes.WrittenSpan.ToArray(), []);
    }
}
