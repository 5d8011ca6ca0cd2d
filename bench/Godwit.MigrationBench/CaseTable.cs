namespace Godwit.MigrationBench;

/// <summary>The rows that can be run; what a peer does not know is skipped with its own words.</summary>
internal static class CaseTable
{
    private const long MiB = 1 << 20;

    /// <summary>200 MB/s in pages.</summary>
    private const long DirtyRate = 200_000_000 / 4096;

    public static IEnumerable<MigrationCase> Quick(long? size) => [new MigrationCase(size ?? 1024 * MiB, MemoryContent.Random, 0, MigrationFeature.Plain)];

    public static IEnumerable<MigrationCase> Full(long? size)
    {
        long large = size ?? 4096 * MiB;
        foreach (MemoryContent content in (MemoryContent[])[MemoryContent.Random, MemoryContent.Text, MemoryContent.Half, MemoryContent.Zero])
            yield return new MigrationCase(large, content, 0, MigrationFeature.Plain);
        yield return new MigrationCase(large / 4, MemoryContent.Random, 0, MigrationFeature.Plain);
        foreach (long rate in (long[])[DirtyRate / 10, DirtyRate])
            yield return new MigrationCase(large / 8, MemoryContent.Guest, rate, MigrationFeature.Plain);
        yield return new MigrationCase(large / 8, MemoryContent.Guest, DirtyRate, MigrationFeature.Xbzrle);
        yield return new MigrationCase(large / 16, MemoryContent.Guest, DirtyRate, MigrationFeature.AutoConverge, MaxBandwidth: DirtyRate * 4096 / 4);
        foreach (int channels in (int[])[1, 2, 4])
            yield return new MigrationCase(large, MemoryContent.Random, 0, MigrationFeature.MultiFd(channels, "none"), channels);
        foreach (string compression in (string[])["zlib", "zstd"])
            yield return new MigrationCase(large / 4, MemoryContent.Text, 0, MigrationFeature.MultiFd(2, compression), 2);
        foreach (MigrationWay way in (MigrationWay[])[MigrationWay.Save, MigrationWay.Load])
        {
            yield return new MigrationCase(large / 2, MemoryContent.Random, 0, MigrationFeature.MappedRam, Way: way);
            yield return new MigrationCase(large / 2, MemoryContent.Random, 0, MigrationFeature.MappedRamMultiFd(2), 2, Way: way);
        }
    }
}
