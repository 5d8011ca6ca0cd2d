using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>What the kernel is told about a part of a mapping; each value is the <c>MADV_</c> constant of the same name.</summary>
public enum HostAdvice
{
    /// <summary>No special treatment.</summary>
    Normal = SysMman.MADV_NORMAL,

    /// <summary>Reads come in order.</summary>
    Sequential = SysMman.MADV_SEQUENTIAL,

    /// <summary>The part will be needed soon.</summary>
    WillNeed = SysMman.MADV_WILLNEED,

    /// <summary>A child process does not get the part.</summary>
    DontFork = SysMman.MADV_DONTFORK,

    /// <summary>Huge pages are wanted.</summary>
    HugePage = SysMman.MADV_HUGEPAGE,

    /// <summary>Huge pages are not wanted: every page is faulted and dropped on its own.</summary>
    NoHugePage = SysMman.MADV_NOHUGEPAGE,

    /// <summary>The part is left out of core dumps.</summary>
    DontDump = SysMman.MADV_DONTDUMP,

    /// <summary>Every page is made present and writable now.</summary>
    PopulateWrite = SysMman.MADV_POPULATE_WRITE,
}
