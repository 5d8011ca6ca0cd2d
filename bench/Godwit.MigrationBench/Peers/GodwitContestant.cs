using System.Diagnostics;
using System.Globalization;

namespace Godwit.MigrationBench;

/// <summary>Godwit from this checkout, as users start it.</summary>
internal sealed class GodwitContestant(string program, string backend) : Contestant
{
    public override string Name => "godwit";

    protected override string DestinationBackend => backend;

    protected override ProcessStartInfo Command(MigrationCase row, string runFolder, string memory, string[] more)
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
