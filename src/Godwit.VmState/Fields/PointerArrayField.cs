using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>An array whose elements may be missing: by construction on both sides, or as the stream says.</summary>
internal sealed class PointerArrayField<T, TChild>(
    string name,
    FieldSpan<T, TChild?> elements,
    VmStateDescription<TChild> description,
    Func<T, int, TChild>? create,
    Func<T, long>? count,
    int maximum,
    uint since,
    Func<T, uint, bool>? when) : ElementField<T>(name, "struct", since, when)
    where T : class
    where TChild : class
{
    private readonly ElementCount<T> _count = new(name, count, maximum);

    public override VmStateDescription Nested => description;

    internal override bool IsLeaf => false;

    protected override bool IsAutoAllocated => create is not null;

    protected override int GetCount(T owner, MigrationReader? reader)
    {
        int wanted = _count.Get(owner, count is null ? elements(owner).Length : 0, reader);
        return _count.CheckCapacity(wanted, elements(owner).Length, reader);
    }

    protected override bool IsNull(T owner, int index) => elements(owner)[index] is null;

    protected override void SetPresent(T owner, int index, bool present) =>
        elements(owner)[index] = present && create is not null ? create(owner, index) : null;

    protected override void SaveElement(T owner, int index, in SaveContext context)
    {
        context.Json?.BeginStruct();
        description.Save(elements(owner)[index]!, context, description.Version);
        context.Json?.EndObject();
    }

    protected override void LoadElement(T owner, int index, in LoadContext context) =>
        description.Load(elements(owner)[index]!, context, description.Version);
}
