using Godwit.VmState;

namespace Godwit.Fuzz;

/// <summary>Exists only while a section is written or read; carries a value to and from its parent.</summary>
internal sealed class FuzzTemporary(FuzzDevice parent)
{
    public uint Value;

    public static VmStateDescription<FuzzTemporary> Description { get; } = new("temporary", version: 1, minimumVersion: 1)
    {
        PreSave = static temporary => temporary.Value = ~temporary.Parent.FromTemporary,
        PostLoad = static (temporary, _) => temporary.Parent.FromTemporary = ~temporary.Value,
        Fields = [Field.UInt32("value", (FuzzTemporary temporary) => ref temporary.Value)],
    };

    private FuzzDevice Parent => parent;
}
