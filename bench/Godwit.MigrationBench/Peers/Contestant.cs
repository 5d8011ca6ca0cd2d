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
    public abstract ProcessStartInfo Source(MigrationCase row, ContentFile? content, string folder);

    /// <summary>The command of a machine that receives, without its monitor.</summary>
    public abstract ProcessStartInfo Destination(MigrationCase row, bool isPretouched, string folder);

    protected static string Megabytes(MigrationCase row) => (row.SizeBytes >> 20).ToString(CultureInfo.InvariantCulture) + "M";
}
