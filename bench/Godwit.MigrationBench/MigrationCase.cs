using System.Globalization;

namespace Godwit.MigrationBench;

/// <summary>One row of the table: what is migrated, and how.</summary>
/// <param name="SizeBytes">Guest RAM.</param>
/// <param name="Content">What it holds; <see cref="MemoryContent.Guest"/> has a running guest.</param>
/// <param name="DirtyPagesPerSecond">Pages that the running guest writes per second.</param>
/// <param name="Feature">How it is sent.</param>
/// <param name="Channels">Channels that carry pages.</param>
/// <param name="MaxBandwidth">Bytes per second, 0 for no limit.</param>
/// <param name="Way">Where the stream goes.</param>
internal sealed record MigrationCase(
    long SizeBytes,
    MemoryContent Content,
    long DirtyPagesPerSecond,
    MigrationFeature Feature,
    int Channels = 1,
    long MaxBandwidth = 0,
    MigrationWay Way = MigrationWay.Tcp)
{
    public bool IsGuestRunning => Content == MemoryContent.Guest;

    public string Name => string.Create(
        CultureInfo.InvariantCulture,
        $"{SizeBytes >> 20} MiB, {(IsGuestRunning ? $"guest writes {DirtyPagesPerSecond * 4096 / 1_000_000} MB/s" : Content.ToString().ToLowerInvariant())}, "
        + $"{Feature.Name}{(Feature.Name.Contains("multifd", StringComparison.Ordinal) ? $" x{Channels}" : "")}{(Way == MigrationWay.Tcp ? "" : $" {Way.ToString().ToLowerInvariant()}")}");
}
