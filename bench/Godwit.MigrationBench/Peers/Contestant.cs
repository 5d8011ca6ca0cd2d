using System.Diagnostics;
using System.Globalization;

namespace Godwit.MigrationBench;

/// <summary>A program whose machines are migrated.</summary>
internal abstract class Contestant
{
    public abstract string Name { get; }

    /// <summary>The command of a machine that sends, without its monitor.</summary>
    /// <param name="row">The row.</param>
    /// <param name="content">Its memory; null when the guest runs and writes its own.</param>
    /// <param name="folder">For files of this run.</param>
    public ProcessStartInfo Source(MigrationCase row, ContentFile? content, string folder)
    {
        string memory = content is null
            ? $"memory-backend-ram,id=pc.ram,size={Megabytes(row)}"
            : $"memory-backend-file,id=pc.ram,size={Megabytes(row)},mem-path={content.Path},share=on";
        return Command(row, folder, memory, row.IsGuestRunning ? [] : ["-S"]);
    }

    /// <summary>The command of a machine that receives, without its monitor.</summary>
    public ProcessStartInfo Destination(MigrationCase row, bool isPretouched, string folder) =>
        Command(row, folder, $"memory-backend-{DestinationBackend},id=pc.ram,size={Megabytes(row)}{(isPretouched ? ",prealloc=on" : "")}", ["-S", "-incoming", "defer"]);

    /// <summary>What the memory of a machine that receives is made of.</summary>
    protected virtual string DestinationBackend => "ram";

    /// <summary>The command of a machine.</summary>
    /// <param name="row">The row.</param>
    /// <param name="runFolder">For files of this run.</param>
    /// <param name="memory">The object that is the machine's RAM.</param>
    /// <param name="more">What only one end has.</param>
    protected abstract ProcessStartInfo Command(MigrationCase row, string runFolder, string memory, string[] more);

    protected static string Megabytes(MigrationCase row) => (row.SizeBytes >> 20).ToString(CultureInfo.InvariantCulture) + "M";
}
