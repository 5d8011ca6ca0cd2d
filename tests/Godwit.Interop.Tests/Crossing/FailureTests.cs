using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>What goes wrong between a QEMU and Godwit costs no guest, and says why.</summary>
[Collection("linux")]
public sealed class FailureTests
{
    [Fact]
    public void Destination_QemuKilledHalfWay_GuestRunsOnInGodwit()
    {
        using Journey journey = new(LinuxVm.Godwit, new LinuxVmOptions { Mode = "load" }, hasDisk: true);
        using LinuxVm target = LinuxVm.Start("10.0", new LinuxVmOptions(), "-incoming", "defer");
        string uri = "unix:" + target.Process.File("in");
        target.Qmp.Execute("migrate-incoming", new { uri });
        QmpLink source = journey.Current.Qmp;
        source.EnableCapabilities("return-path");
        source.Execute("migrate-set-parameters", new Dictionary<string, long>(StringComparer.Ordinal) { ["max-bandwidth"] = 4 << 20 });
        source.Execute("migrate", new { uri });
        source.WaitFor("some of the memory to go", q =>
            q.Execute("query-migrate").TryGetProperty("ram", out var ram) && ram.GetProperty("transferred").GetInt64() > 8 << 20);

        target.Process.Kill();

        source.WaitForMigrationEnd("failed");
        source.WaitFor("the guest to run", q => q.RunState == "running");
        journey.GoOn(3);
        journey.WaitForNew("guest: disk ");
        journey.AssertNothingLost();
    }

    [Fact]
    public void Destination_GodwitWithOtherMemory_RefusesAndTheGuestRunsOnInQemu()
    {
        using Journey journey = new("10.0", new LinuxVmOptions { Mode = "load" }, hasDisk: false);
        using LinuxVm target = LinuxVm.Start(LinuxVm.Godwit, new LinuxVmOptions { Memory = "256" }, "-incoming", "defer");
        string uri = "unix:" + target.Process.File("in");
        target.Qmp.Execute("migrate-incoming", new { uri });
        QmpLink source = journey.Current.Qmp;
        source.EnableCapabilities("return-path");

        source.Execute("migrate", new { uri });

        source.WaitForMigrationEnd("failed");
        Assert.Equal(1, target.Process.WaitForExit());
        Assert.Contains("block \"riscv_virt_board.ram\" has another length here: expected 0x10000000, found 0x8000000", target.Process.Output, StringComparison.Ordinal);
        Assert.Contains("give both sides the same -m", target.Process.Output, StringComparison.Ordinal);
        source.WaitFor("the guest to run", q => q.RunState == "running");
        journey.GoOn(3);
        journey.AssertNothingLost();
    }

    /// <summary>Machines that are not the contract's: the message names what differs and what to change on the command line.</summary>
    [Theory]
    [InlineData("10.0", "virt,aia=none,aclint=off,acpi=off", "rv64", "cpu", "h=off")]
    [InlineData("11.1", "virt,aia=none,aclint=off,acpi=off", "rv64", "cpu", "h=off")]
    [InlineData("10.0", "virt,aia=none,aclint=off,acpi=off", LinuxGuest.ContractCpu + ",v=on", "cpu", "v=off")]
    [InlineData("11.1", "virt,aia=none,aclint=off,acpi=off", LinuxGuest.ContractCpu + ",pmp=off", "cpu", "pmp=on")]
    [InlineData("11.1", "virt,aia=none,aclint=off,acpi=off", "rv64,h=off,debug=off", "cpu", "sstc=off")]
    [InlineData("10.0", "virt,aia=none,aclint=off", LinuxGuest.ContractCpu, "/rom@etc/acpi/tables", "acpi=off")]
    [InlineData("11.1", "virt,aia=aplic,aclint=off,acpi=off", LinuxGuest.ContractCpu, "riscv_aplic", "aia=none")]
    public void Source_NotTheContract_IsRefusedBeforeTheGuestRuns(string peer, string machine, string cpu, string where, string change)
    {
        using VmProcess qemu = VmProcess.StartQemu(
            peer == "10.0" ? QemuPeer.Qemu10_0 : QemuPeer.Qemu11_1, "qemu-system-riscv64", "-M", machine, "-cpu", cpu, "-m", "128", "-nodefaults", "-S");
        string stream = qemu.File("stream");
        qemu.Qmp.Execute("migrate", new { uri = "exec:cat > " + stream });
        qemu.Qmp.WaitForMigrationEnd();

        using LinuxVm godwit = LinuxVm.Start(LinuxVm.Godwit, new LinuxVmOptions(), "-incoming", "exec:cat " + stream);

        Assert.Equal(1, godwit.Process.WaitForExit());
        Assert.Contains(where, godwit.Process.Output, StringComparison.Ordinal);
        Assert.Contains(change, godwit.Process.Output, StringComparison.Ordinal);
    }
}
