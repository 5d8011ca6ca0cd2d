using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>What the load half of every field needs: where bytes come from, and whose error texts to use.</summary>
internal readonly record struct LoadContext(MigrationReader Reader, PeerProfile Profile, int Depth)
{
    public LoadContext Nested(string descriptionName) => Depth < SaveContext.MaxDepth
        ? this with { Depth = Depth + 1 }
        : throw Reader.Error($"description '{descriptionName}' nests deeper than {SaveContext.MaxDepth} levels");
}
