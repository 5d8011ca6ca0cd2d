using System.Diagnostics;
using Godwit.Machine;

namespace Godwit.MigrationBench;

/// <summary>A real QEMU: the x86-64 pc for stopped guests, the riscv64 virt with the staircase as firmware for running ones.</summary>
internal sealed class QemuContestant(string folder) : Contestant
{
    public override string Name => "qemu";

    protected override ProcessStartInfo Command(MigrationCase row, string runFolder, string memory, string[] more)
    {
        string[] machine = ["-M", "pc,memory-backend=pc.ram"];
        if (row.IsGuestRunning)
        {
            string image = Path.Combine(runFolder, "staircase.bin");
            StaircaseGuest guest = StaircaseGuest.Build(
                new StaircaseOptions { RamBytes = (ulong)row.SizeBytes, PagesPerSecond = (ulong)row.DirtyPagesPerSecond });
            File.WriteAllBytes(image, guest.Image.AsSpan());
            machine = ["-M", "virt,acpi=off,memory-backend=pc.ram", "-bios", image, "-serial", $"file:{Path.Combine(runFolder, "serial.log")}"];
        }

        string program = Path.Combine(folder, "bin", row.IsGuestRunning ? "qemu-system-riscv64" : "qemu-system-x86_64");
        return new ProcessStartInfo(
            program, [.. machine, "-accel", "tcg", "-nodefaults", "-display", "none", "-m", Megabytes(row), "-object", memory, .. more]);
    }
}
