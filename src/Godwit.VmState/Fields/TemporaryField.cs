using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>A description applied to a temporary object made from its parent; its hooks carry values between the two.</summary>
internal sealed class TemporaryField<T, TChild>(
    string name,
    Func<T, TChild> create,
    VmStateDescription<TChild> description,
    uint since,
    Func<T, uint, bool>? when) : ElementField<T>(name, "tmp", since, when)
    where T : class
    where TChild : class
{
    public override VmStateDescription Nested => description;

    public override uint? NestedLoadVersion => Since;

    internal override bool IsLeaf => false;

    internal override bool IsCompressible(PeerProfile profile, int depth) => !HasPredicate;

    protected override int GetCount(T owner, MigrationReader? reader) => 1;

    protected override void SaveElement(T owner, int index, in SaveContext context) =>
        description.Save(create(owner), context, description.Version);

    protected override void LoadElement(T owner, int index, in LoadContext context) =>
        description.Load(create(owner), context, Since);
}
