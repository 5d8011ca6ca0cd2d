using Godwit.Memory;
using Godwit.Migration;

namespace Godwit.Vmm.Tests;

public sealed class VirtualMachineTests
{
    [Fact]
    public void Start_Staircase_RunsAndItsMemoryIsSound()
    {
        using var machine = new TestMachine();
        Assert.Equal(RunState.Prelaunch, machine.Vm.RunState);
        machine.Vm.Start();
        Assert.Equal(RunState.Running, machine.Vm.RunState);
        machine.WaitForRounds(3);
        machine.AssertSound();
        Assert.Equal(["RESUME", "STOP"], machine.Events);
    }

    [Fact]
    public void Start_StartsStopped_WaitsForContinue()
    {
        using var machine = new TestMachine(startsStopped: true);
        machine.Vm.Start();
        Assert.Equal(RunState.Prelaunch, machine.Vm.RunState);
        Assert.Empty(machine.Events);
        machine.Vm.Continue();
        machine.WaitForRounds(1);
        Assert.Equal(["RESUME"], machine.Events);
    }

    [Fact]
    public void StopAndContinue_Twice_EmitOneEventEach()
    {
        using var machine = new TestMachine();
        machine.Vm.Start();
        machine.WaitForRounds(1);
        machine.Vm.Stop();
        machine.Vm.Stop();
        Assert.Equal(RunState.Paused, machine.Vm.RunState);
        string text = machine.Text;
        long time = machine.Vm.WithCpusHeld(() => (long)machine.Vm.Cpus[0].ProgramCounter);
        Assert.Equal(time, (long)machine.Vm.Cpus[0].ProgramCounter);
        Assert.Equal(text, machine.Text);
        int rounds = machine.Rounds.Length;
        machine.Vm.Continue();
        machine.Vm.Continue();
        machine.WaitForRounds(rounds + 1);
        Assert.Equal(["RESUME", "STOP", "RESUME"], machine.Events);
    }

    [Fact]
    public void GuestReset_ThatFails_StopsTheMachineAndNothingElse()
    {
        using var machine = new TestMachine();
        machine.Vm.Start();
        machine.WaitForRounds(1);
        Action<VmEvent> sink = machine.Vm.EventSink!;
        machine.Vm.EventSink = e =>
        {
            sink(e);
            if (e.Name is "RESET" or "STOP")
                throw new InvalidOperationException("a monitor that cannot");
        };
        using (machine.Vm.Memory.BigLock.Enter())
            machine.Vm.AddressSpace.Write(new GuestAddress(0x10_0000), 4, 0x7777);
        TestMachine.WaitFor(() => machine.Vm.RunState == RunState.InternalError, "internal-error");
        machine.Vm.EventSink = sink;
        machine.Vm.Reset();
        machine.Vm.Continue();
        int rounds = machine.Rounds.Length;
        machine.WaitForRounds(rounds + 1);
    }

    [Fact]
    public void ThreadId_OfEachCpu_IsItsThread()
    {
        using var machine = new TestMachine(change: o => o with { HartCount = 2 });
        int[] ids = [.. machine.Vm.Cpus.Select(c => c.ThreadId)];
        Assert.Equal(["hart-0", "hart-1"], ids.Select(id => File.ReadAllText($"/proc/self/task/{id}/comm").TrimEnd()));
    }

    [Fact]
    public void Reset_RunningGuest_StartsAnew()
    {
        using var machine = new TestMachine();
        machine.Vm.Start();
        machine.WaitForRounds(2);
        machine.Vm.Reset();
        TestMachine.WaitFor(() => machine.Text.Split("staircase: start").Length == 3, $"a second start, have: {machine.Text}");
        int rounds = machine.Rounds.Length;
        machine.WaitForRounds(rounds + 2);
        machine.AssertSound();
        Assert.Equal(["RESUME", "RESET(host-qmp-system-reset,false)", "STOP"], machine.Events);
    }

    [Fact]
    public void Reset_PausedGuest_StaysPaused()
    {
        using var machine = new TestMachine();
        machine.Vm.Start();
        machine.WaitForRounds(1);
        machine.Vm.Stop();
        machine.Vm.Reset();
        Assert.Equal(RunState.Paused, machine.Vm.RunState);
        Assert.Equal(0x1000UL, machine.Vm.Cpus[0].ProgramCounter);
    }

    [Fact]
    public void PowerDown_Any_IsAnEventOnly()
    {
        using var machine = new TestMachine();
        machine.Vm.Start();
        machine.Vm.PowerDown();
        Assert.Equal(["RESUME", "POWERDOWN"], machine.Events);
        Assert.Equal(RunState.Running, machine.Vm.RunState);
    }

    [Fact]
    public async Task Quit_Running_EndsWithStatus0()
    {
        using var machine = new TestMachine();
        machine.Vm.Start();
        machine.Vm.Quit("host-qmp-quit");
        machine.Vm.Quit("host-qmp-quit");
        VmExit exit = await machine.Vm.Ended.WaitAsync(TestMachine.Deadline);
        Assert.Equal(new VmExit(0), exit);
        Assert.Equal(["RESUME", "SHUTDOWN(host-qmp-quit,false)"], machine.Events);
    }

    [Fact]
    public async Task Guest_ViolationSeen_EndsTheMachineWithItsCode()
    {
        using var machine = new TestMachine();
        machine.Vm.Start();
        machine.WaitForRounds(1);
        machine.Vm.Stop();

        // The first word of a page that the guest owns is no step of a staircase any more.
        using (machine.Vm.BigLock.Enter())
            machine.Vm.AddressSpace.Write(new Memory.GuestAddress(0x8000_2000 + (20 * 4096)), 8, 0xdead);
        machine.Vm.Continue();
        VmExit exit = await machine.Vm.Ended.WaitAsync(TestMachine.Deadline);
        Assert.Equal(1, exit.ExitCode);
        Assert.Contains("VIOLATION page=20", machine.Text, StringComparison.Ordinal);
        Assert.Equal(RunState.Shutdown, machine.Vm.RunState);
        Assert.Equal(["RESUME", "STOP", "RESUME", "STOP", "SHUTDOWN(guest-shutdown,true)"], machine.Events);
        Assert.Equal("Resetting the Virtual Machine is required", Assert.Throws<VmRefusedException>(machine.Vm.Continue).Message);
        machine.Vm.Reset();
        Assert.Equal(RunState.Paused, machine.Vm.RunState);
    }

    [Fact]
    public void Incoming_BeforeAStream_StopAndContinueOnlyDecideAboutLater()
    {
        using var machine = new TestMachine(isIncoming: true);
        machine.Vm.Start();
        Assert.Equal(RunState.InMigrate, machine.Vm.RunState);
        Assert.True(machine.Vm.StartsAutomatically);
        machine.Vm.Stop();
        Assert.False(machine.Vm.StartsAutomatically);
        machine.Vm.Continue();
        Assert.True(machine.Vm.StartsAutomatically);
        Assert.Equal("Migration is not finalized yet", Assert.Throws<VmRefusedException>(machine.Vm.Reset).Message);
        Assert.Empty(machine.Events);
    }

    [Theory]
    [InlineData(0, 1 << 20)]
    [InlineData(9, 8 << 20)]
    [InlineData(1, (8 << 20) + 1)]
    public void Construct_OptionOutOfRange_IsRefused(int harts, int ramBytes) =>
        Assert.ThrowsAny<ArgumentException>(() => new VirtualMachine(new VmOptions { HartCount = harts, RamBytes = (ulong)ramBytes }));

    [Fact]
    public void Registry_Order_IsTheWires()
    {
        using var machine = new TestMachine(change: o => o with { HartCount = 2 });
        string[] names = [.. machine.Vm.Registry.Entries.Select(e => $"{e.IdString}/{e.InstanceId}")];
        Assert.Equal(["timer/0", "ram/0", "cpu_common/0", "cpu/0", "cpu_common/1", "cpu/1", "riscv_mtimer/0"], names[..7]);
        Assert.Equal("globalstate/0", names[^1]);
    }
}
