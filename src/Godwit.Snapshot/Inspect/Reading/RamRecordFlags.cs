namespace Godwit.Snapshot;

/// <summary>Low bits of the word in front of each RAM record (docs/formats/ram.md, "Records").</summary>
[Flags]
internal enum RamRecordFlags : uint
{
    None = 0,
    Zero = 0x002,
    MemSize = 0x004,
    Page = 0x008,
    EndOfSection = 0x010,
    Continue = 0x020,
    Xbzrle = 0x040,
    Hook = 0x080,
    CompressPage = 0x100,
    MultiFdFlush = 0x200,
}
