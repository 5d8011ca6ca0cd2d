using System.Buffers;
using Godwit.Machine;
using Godwit.Migration;
using Godwit.Wire;

namespace Godwit.Vmm.Tests;

public class MigrationRehearsalTests
{
    [Fact]
    public async Task Begin_MachineWithEveryDevice_SucceedsWithoutTouchingIt()
    {
        using var disk = new UntouchableDisk();
        using var console = new RingCharBackend();
        using var cable = new NullNetBackend();
        using var machine = new TestMachine(change: options => options with
        {
            VirtioDevices =
            [
                new VirtioBlockOptions { Image = disk },
                new VirtioConsoleOptions { Backend = console },
                new VirtioNetOptions { Backend = cable },
                new VirtioRngOptions(),
                new VirtioBalloonOptions { HasFreePageHints = true, HasFreePageReporting = true },
            ],
        });
        byte[] before = Save(machine.Vm);

        using var rehearsal = MigrationRehearsal.Begin(machine.Vm);
        Exception? failure = await rehearsal.Ended.WaitAsync(TestMachine.Deadline);

        Assert.Null(failure);
        Assert.Equal(before, Save(machine.Vm));
        Assert.Equal(RunState.Prelaunch, machine.Vm.RunState);
        Assert.Equal(MigrationStatus.None, machine.Vm.Outgoing.Status);
        Assert.Empty(machine.Events);
        Assert.Equal(0, console.BytesWritten);
        Assert.Equal(0, disk.Uses);
    }

    [Fact]
    public async Task Begin_GuestRuns_GuestIsNotDisturbed()
    {
        using var machine = new TestMachine();
        machine.Vm.Start();
        machine.WaitForRounds(1);

        using var rehearsal = MigrationRehearsal.Begin(machine.Vm);
        Assert.Null(await rehearsal.Ended.WaitAsync(TestMachine.Deadline));

        machine.WaitForRounds(machine.Rounds.Length + 2);
        machine.AssertSound();
    }

    [Fact]
    public void Dispose_InTheMiddle_EndsIt()
    {
        using var machine = new TestMachine();

        var rehearsal = MigrationRehearsal.Begin(machine.Vm);
        rehearsal.Dispose();

        Assert.True(rehearsal.Ended.IsCompletedSuccessfully);
    }

    private static byte[] Save(VirtualMachine machine)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var writer = MigrationWriter.ToMemory(bytes);
        using (machine.BigLock.Enter())
            new SaveVmWriter(writer, machine.Registry, VmState.PeerProfile.Default).WriteFullSections(writer);
        writer.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Counts every use.</summary>
    private sealed class UntouchableDisk : IDiskImage
    {
        public int Uses { get; private set; }

        public long LengthBytes => 1 << 20;

        public bool IsReadOnly => false;

        public void Read(long position, Span<byte> destination) => Uses++;

        public void Write(long position, ReadOnlySpan<byte> source) => Uses++;

        public void Flush() => Uses++;

        public void Zero(long position, long lengthBytes, bool mayUnmap) => Uses++;

        public void Dispose()
        {
        }
    }
}
