using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>What capabilities and parameters mean to the RAM section; fixed at its setup.</summary>
/// <param name="PostcopyRam">The postcopy-ram capability: page sizes of unusual blocks are in the block list.</param>
/// <param name="IgnoreShared">The x-ignore-shared capability: guest addresses are in the block list.</param>
/// <param name="Xbzrle">The xbzrle capability: pages sent before may be sent as differences.</param>
/// <param name="XbzrleCacheSizeBytes">Size of the cache of what was sent.</param>
/// <param name="DetectZeroPages">Whether pages of zeros become ZERO records.</param>
/// <param name="MappedRam">The mapped-ram capability: pages lie at fixed places in a file.</param>
/// <param name="MultiFd">The multifd capability: pages go over data channels.</param>
/// <param name="MultiFdMethod">How data channels are compressed.</param>
/// <param name="BackgroundSnapshot">The background-snapshot capability: memory as of one instant, each page once.</param>
/// <param name="ClearBitmapShift">Log2 of the pages per chunk of the lazily cleared dirty log.</param>
public sealed record RamOptions(
    bool PostcopyRam = false,
    bool IgnoreShared = false,
    bool Xbzrle = false,
    long XbzrleCacheSizeBytes = 64L << 20,
    bool DetectZeroPages = true,
    bool MappedRam = false,
    bool MultiFd = false,
    MultiFdBits MultiFdMethod = MultiFdBits.None,
    bool BackgroundSnapshot = false,
    int ClearBitmapShift = MigrationBitmap.DefaultClearShift)
{
    /// <summary>Reads the options out of a migration's capabilities and parameters.</summary>
    public static RamOptions From(MigrationCapabilities capabilities, MigrationParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return new RamOptions(
            PostcopyRam: capabilities.PostcopyRam,
            IgnoreShared: capabilities.IgnoreShared,
            Xbzrle: capabilities.Xbzrle,
            XbzrleCacheSizeBytes: (long)parameters.XbzrleCacheSizeBytes,
            DetectZeroPages: !string.Equals(parameters.ZeroPageDetection, "none", StringComparison.Ordinal),
            MappedRam: capabilities.MappedRam,
            MultiFd: capabilities.MultiFd,
            MultiFdMethod: MultiFdCompression.MethodOf(parameters),
            BackgroundSnapshot: capabilities.BackgroundSnapshot);
    }

    /// <summary>Page size of a backing that needs no mention in the block list.</summary>
    public static uint DefaultPageSizeBytes => (uint)Math.Max(Environment.SystemPageSize, TargetPage.SizeBytes);

    /// <summary>Whether the block's content is not sent: the peer shares its memory.</summary>
    public bool IsIgnored(RamBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        return IgnoreShared && block.IsNamedFile;
    }

    /// <summary>What the block list says about a block.</summary>
    public RamBlockListEntry ListEntryOf(RamBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        return new RamBlockListEntry(
            block.IdString,
            block.UsedLengthBytes,
            HasPageSize(block) ? block.PageSizeBytes : null,
            IgnoreShared ? block.Region.Offset : null);
    }

    /// <summary>Whether the block list gives the block's page size.</summary>
    public bool HasPageSize(RamBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        return PostcopyRam && block.PageSizeBytes != DefaultPageSizeBytes;
    }
}
