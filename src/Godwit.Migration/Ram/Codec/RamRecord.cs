using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>The first word of a RAM record: address and flags share 64 bits (docs/formats/ram.md, "Records").</summary>
public static class RamRecord
{
    /// <summary>Version of the "ram" section; no other is readable.</summary>
    public const int SectionVersion = 4;

    /// <summary>Bytes of the first word.</summary>
    public const int HeaderBytes = sizeof(ulong);

    /// <summary>The bits that hold flags: everything below the target page size.</summary>
    public const ulong FlagMask = TargetPage.SizeBytes - 1;

    /// <summary>The kinds that carry a page address and, unless CONTINUE is set, a block name.</summary>
    public const RamRecordBits PageKinds =
        RamRecordBits.Zero | RamRecordBits.Page | RamRecordBits.Xbzrle | RamRecordBits.CompressPage;

    /// <summary>The flags of a first word.</summary>
    public static RamRecordBits FlagsOf(ulong word) => (RamRecordBits)(int)(word & FlagMask);

    /// <summary>The address of a first word, a byte offset in the block (or the total, for MEM_SIZE).</summary>
    public static ulong AddressOf(ulong word) => word & ~FlagMask;
}
