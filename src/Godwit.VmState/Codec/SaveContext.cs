using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>What the save half of every field needs: where bytes go, where the description goes, for which peer.</summary>
internal readonly record struct SaveContext(MigrationWriter Writer, VmDescriptionWriter? Json, PeerProfile Profile, int Depth)
{
    /// <summary>Tables nest a handful of levels; more means a table that contains itself.</summary>
    public const int MaxDepth = 64;

    public SaveContext WithoutJson() => this with { Json = null };

    public SaveContext Nested(string descriptionName) => Depth < MaxDepth
        ? this with { Depth = Depth + 1 }
        : throw new VmStateException($"description '{descriptionName}' nests deeper than {MaxDepth} levels");
}
