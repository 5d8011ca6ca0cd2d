using System.Diagnostics;
using System.Globalization;

namespace Godwit.MigrationBench;

/// <summary>Godwit from this checkout, as users start it.</summary>
internal sealed class GodwitContestant(string program, string backend) : Contestant
{
    public override string Name => "godwit";

    public override ProcessStartInfo Source(MigrationCase row, ContentFile? content, string folder)
    {
        string memory = content is null
            ? $"memory-backend-ram,id=pc.ram,size={Megabytes(row)}"
            : $"memory-backend-file,id=pc.ram,size={Megabytes(row)},mem-path={content.Path},share=on";
        return Command(row, folder, memory, row.IsGuestRunning ? [] : ["-S"]);
    }

    public override ProcessStartInfo Destination(MigrationCase row, bool isPretouched, string folder) =>
        Command(row, folder, $"memory-backend-{backend},id=pc.ram,size={Megabytes(row)}{(isPretouched ? ",prealloc=on" : "")}", ["-S", "-incoming", "defer"]);

    private ProcessStartInfo Command(MigrationCase row, string runFolder, string memory, string[] more)
    {
        string[] guest = row.IsGuestRunning
            ?
            [
                "-guest", string.Create(CultureInfo.InvariantCulture, $"staircase,rate={row.DirtyPagesPerSecond}"),
                "-serial", $"file:{Path.Combine(runFolder, "serial.log")}",
            ]
            : ["-serial", "null"];
        return new ProcessStartInfo(
            "dotnet",
            [program, "run", "-M", "virt,acpi=off,memory-backend=pc.ram", "-nodefaults", "-display", "none", "-m", Megabytes(row), "-object", memory, .. guest, .. more]);
    }
}
