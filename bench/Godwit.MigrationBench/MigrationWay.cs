namespace Godwit.MigrationBench;

/// <summary>Where a migration's stream goes.</summary>
internal enum MigrationWay
{
    /// <summary>From a source to a destination over TCP.</summary>
    Tcp,

    /// <summary>Into a file on the memory file system; there is no destination.</summary>
    Save,

    /// <summary>Out of such a file, which a source made before the clock started.</summary>
    Load,
}
