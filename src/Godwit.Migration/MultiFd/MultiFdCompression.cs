namespace Godwit.Migration;

/// <summary>The methods by which data channels compress, by the words of the parameter.</summary>
internal static class MultiFdCompression
{
    /// <summary>The bits in a packet's flags.</summary>
    public static MultiFdBits MethodOf(MigrationParameters parameters) => parameters.MultifdCompression switch
    {
        "zlib" => MultiFdBits.Zlib,
        "zstd" => MultiFdBits.Zstd,
        _ => MultiFdBits.None,
    };

    /// <summary>The compressor of one channel; null for none.</summary>
    public static IPageCompressor? CreateCompressor(MigrationParameters parameters) => MethodOf(parameters) switch
    {
        MultiFdBits.Zlib => new ZlibPageCompressor((int)parameters[MigrationParameter.MultifdZlibLevel].Number),
        MultiFdBits.Zstd => new ZstdPageCompressor((int)parameters[MigrationParameter.MultifdZstdLevel].Number),
        _ => null,
    };

    /// <summary>The decompressor of one channel; null for none.</summary>
    public static IPageDecompressor? CreateDecompressor(MultiFdBits method) => method switch
    {
        MultiFdBits.Zlib => new ZlibPageDecompressor(),
        MultiFdBits.Zstd => new ZstdPageDecompressor(),
        _ => null,
    };
}
