using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>A nested object in place: its fields, then its subsections; no header, version or footer.</summary>
/// <remarks>With a struct version it is a <c>vstruct</c>: both directions use that version.</remarks>
internal sealed class StructField<T, TChild>(
    string name,
    Func<T, TChild> child,
    VmStateDescription<TChild> description,
    uint? structVersion,
    uint since,
    Func<T, uint, bool>? when) : ElementField<T>(name, structVersion is null ? "struct" : "vstruct", since, when)
    where T : class
    where TChild : class
{
    public override VmStateDescription Nested => description;

    public override uint? NestedLoadVersion => structVersion;

    internal override bool IsLeaf => false;

    protected override int GetCount(T owner, MigrationReader? reader) => 1;

    protected override void SaveElement(T owner, int index, in SaveContext context)
    {
        if (structVersion is uint version)
        {
            description.Save(child(owner), context, version);
            return;
        }

        context.Json?.BeginStruct();
        description.Save(child(owner), context, description.Version);
        context.Json?.EndObject();
    }

    protected override void LoadElement(T owner, int index, in LoadContext context) =>
        description.Load(child(owner), context, structVersion ?? description.Version);
}
