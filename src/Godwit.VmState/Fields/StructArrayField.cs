using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>Nested objects one after another; the count is fixed or another member.</summary>
internal sealed class StructArrayField<T, TChild>(
    string name,
    Func<T, IReadOnlyList<TChild>> elements,
    VmStateDescription<TChild> description,
    Func<T, long>? count,
    int maximum,
    Action<T, int>? allocate,
    uint? structVersion,
    uint since,
    Func<T, uint, bool>? when) : ElementField<T>(name, structVersion is null ? "struct" : "vstruct", since, when)
    where T : class
    where TChild : class
{
    private readonly ElementCount<T> _count = new(name, count, maximum);

    public override VmStateDescription Nested => description;

    public override uint? NestedLoadVersion => structVersion;

    internal override bool IsLeaf => false;

    protected override int GetCount(T owner, MigrationReader? reader)
    {
        int wanted = _count.Get(owner, count is null ? elements(owner).Count : 0, reader);
        if (reader is not null)
            allocate?.Invoke(owner, wanted);
        return _count.CheckCapacity(wanted, elements(owner).Count, reader);
    }

    protected override void SaveElement(T owner, int index, in SaveContext context)
    {
        if (structVersion is uint version)
        {
            description.Save(elements(owner)[index], context, version);
            return;
        }

        context.Json?.BeginStruct();
        description.Save(elements(owner)[index], context, description.Version);
        context.Json?.EndObject();
    }

    protected override void LoadElement(T owner, int index, in LoadContext context) =>
        description.Load(elements(owner)[index], context, structVersion ?? description.Version);
}
