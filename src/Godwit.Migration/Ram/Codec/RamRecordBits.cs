namespace Godwit.Migration;

/// <summary>
/// What a RAM record is: the bits below the target page size of its first word (docs/formats/ram.md, "Records").
/// Exactly one kind is set; <see cref="Continue"/> modifies the kinds that name a page.
/// </summary>
[Flags]
public enum RamRecordBits
{
    /// <summary>No kind at all; never legal on the wire.</summary>
    None = 0,

    /// <summary>Reserved; never legal on the wire.</summary>
    Full = 0x001,

    /// <summary>A page of zeros; one fill byte follows, which must be 0.</summary>
    Zero = 0x002,

    /// <summary>The total of all block lengths; the block list follows.</summary>
    MemorySize = 0x004,

    /// <summary>A page in full; its bytes follow.</summary>
    Page = 0x008,

    /// <summary>The section's body ends here.</summary>
    EndOfSection = 0x010,

    /// <summary>No block name follows: the block is that of the previous page record of this channel.</summary>
    Continue = 0x020,

    /// <summary>A page as its difference to what was sent before.</summary>
    Xbzrle = 0x040,

    /// <summary>For the RDMA transport; other transports ignore it.</summary>
    Hook = 0x080,

    /// <summary>A page as one zlib stream; peers up to 9.0 send it with their compress capability.</summary>
    CompressPage = 0x100,

    /// <summary>A synchronisation point of the multifd channels.</summary>
    MultiFdFlush = 0x200,
}
