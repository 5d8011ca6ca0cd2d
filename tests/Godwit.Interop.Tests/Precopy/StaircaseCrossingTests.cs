using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>A guest that never stops writing leaves Godwit for a real QEMU and comes back.</summary>
public sealed class StaircaseCrossingTests
{
    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public void Migrate_ToQemuAndBack_GuestGoesOnWithoutGap(string transport)
    {
        using StaircaseVm first = StaircaseVm.StartGuest("rate=20000,pages=1024");
        using StaircaseVm qemu = StaircaseVm.StartQemu(QemuPeer.Qemu10_0);
        using StaircaseVm last = StaircaseVm.StartTarget();
        first.WaitForMoreRounds(2);

        first.MigrateTo(qemu, transport);
        qemu.MigrateTo(last, transport);

        last.AssertMemoryIsSound();
        StaircaseVm.AssertConsecutive(first.Console + qemu.Console + last.Console);
    }

    /// <summary>From 10.0 to 11.1, which the two cannot do between themselves, and by way of Godwit back to 10.0.</summary>
    [Fact]
    public void Migrate_BetweenReleasesThroughGodwit_GuestGoesOnWithoutGap()
    {
        using StaircaseVm first = StaircaseVm.StartGuest("rate=20000,pages=1024");
        using StaircaseVm older = StaircaseVm.StartQemu(QemuPeer.Qemu10_0);
        using StaircaseVm up = StaircaseVm.StartTarget();
        using StaircaseVm newer = StaircaseVm.StartQemu(QemuPeer.Qemu11_1);
        using StaircaseVm down = StaircaseVm.StartTarget();
        using StaircaseVm last = StaircaseVm.StartQemu(QemuPeer.Qemu10_0);
        up.Set("x-peer-version", "11.1");
        down.Set("x-peer-version", "10.0");
        StaircaseVm[] chain = [first, older, up, newer, down, last];
        first.WaitForMoreRounds(2);

        for (int hop = 1; hop < chain.Length; hop++)
            chain[hop - 1].MigrateTo(chain[hop], hop % 2 == 0 ? "tcp" : "unix");

        last.AssertMemoryIsSound();
        StaircaseVm.AssertConsecutive(string.Concat(chain.Select(vm => vm.Console)));
    }

    /// <summary>QEMU in the middle fails to hand over, keeps the guest, and Godwit takes it in the next attempt.</summary>
    [Fact]
    public void Migrate_FromQemuTargetKilled_NextTargetTakesTheGuest()
    {
        using StaircaseVm first = StaircaseVm.StartGuest("rate=20000,pages=1024");
        using StaircaseVm qemu = StaircaseVm.StartQemu(QemuPeer.Qemu10_0);
        using StaircaseVm last = StaircaseVm.StartTarget();
        first.WaitForMoreRounds(1);
        first.MigrateTo(qemu, "unix");
        using (StaircaseVm victim = StaircaseVm.StartTarget())
        {
            qemu.Set("max-bandwidth", 1 << 20);
            qemu.Qmp.Execute("migrate", new { uri = victim.Listen("unix") });
            qemu.Qmp.WaitFor("active", link => link.MigrationStatus == "active");
            victim.Kill();
        }

        qemu.WaitForMigration("failed");
        qemu.Set("max-bandwidth", 1L << 30);
        qemu.WaitForMoreRounds(2);

        qemu.MigrateTo(last, "tcp");

        last.AssertMemoryIsSound();
        StaircaseVm.AssertConsecutive(first.Console + qemu.Console + last.Console);
    }
}
