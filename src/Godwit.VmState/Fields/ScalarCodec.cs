using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>How one kind of scalar is written and read; big-endian, without name or length.</summary>
internal abstract class ScalarCodec<TValue>(string typeName)
{
    /// <summary>The type in the JSON description.</summary>
    public string TypeName { get; } = typeName;

    public abstract TValue Read(MigrationReader reader);

    public abstract void Write(MigrationWriter writer, TValue value);
}
