namespace Godwit.Benchmarks.Memory;

/// <summary>Which pages of the guest are dirty.</summary>
public enum DirtyPattern
{
    /// <summary>None.</summary>
    Clean,

    /// <summary>4096 pages (16 MiB) at random places.</summary>
    Sparse,

    /// <summary>Every page with probability 1/2: no word is empty or full, the worst case.</summary>
    Half,

    /// <summary>All.</summary>
    Dense,
}
