using System.Diagnostics;
using Godwit.Machine;

namespace Godwit.MigrationBench;

/// <summary>A real QEMU: the x86-64 pc for stopped guests, the riscv64 virt with the staircase as firmware for running ones.</summary>
internal sealed class QemuContestant(string folder) : Contestant
{
    public override string Name => "qemu";

    public override ProcessStartInfo Source(MigrationCase row, ContentFile? content, string folder)
    {
        string memory = content is null
            ? $"memory-backend-ram,id=pc.ram,size={Megabytes(row)}"
            : $"memory-backend-file,id=pc.ram,size={Megabytes(row)},mem-path={content.Path},share=on";
        return Command(row, folder, memory, row.IsGuestRunning ? [] : ["-S"]);
    }

    public override ProcessStartInfo Destination(MigrationCase row, bool isPretouched, string folder) =>
        Command(row, folder, $"memory-backend-ram,id=pc.ram,size={Megabytes(row)}{(isPretouched ? ",prealloc=on" : "")}", ["-S", "-incoming", "defer"]);

    private ProcessStartInfo Command(MigrationCase row, string runFolder, string memory, string[] more)
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
