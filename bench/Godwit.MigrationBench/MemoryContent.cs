namespace Godwit.MigrationBench;

/// <summary>What a stopped guest's memory holds.</summary>
internal enum MemoryContent
{
    /// <summary>Pages of zeros that have memory.</summary>
    Zero,

    /// <summary>Noise.</summary>
    Random,

    /// <summary>Words of a small vocabulary: compresses about as text does.</summary>
    Text,

    /// <summary>Half of each page noise, half zeros.</summary>
    Half,

    /// <summary>What the guest itself wrote: it runs.</summary>
    Guest,
}
