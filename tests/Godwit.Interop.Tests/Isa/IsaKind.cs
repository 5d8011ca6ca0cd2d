namespace Godwit.Interop.Tests;

/// <summary>What a generated program is mostly about.</summary>
internal enum IsaKind
{
    /// <summary>RV64IMAC and system instructions.</summary>
    Integer = 0,

    /// <summary>F and D.</summary>
    Float = 1,

    /// <summary>All CSR numbers, in every mode.</summary>
    Csr = 2,

    /// <summary>Page tables.</summary>
    Paging = 3,

    /// <summary>Physical memory protection.</summary>
    Pmp = 4,

    /// <summary>Interrupts and returns.</summary>
    Interrupt = 5,

    /// <summary>Protection entries that are locked until reset; at the end of an image only.</summary>
    LockedPmp = 6,
}
