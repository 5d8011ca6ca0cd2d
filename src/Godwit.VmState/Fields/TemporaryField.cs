namespace Godwit.VmState;

/// <summary>A description applied to a temporary object made from its parent; its hooks carry values between the two.</summary>
internal sealed class TemporaryField<T, TChild>(
    string name,
    Func<T, TChild> create,
    VmStateDescription<TChild> description,
    uint since,
    Func<T, uint, bool>? when) : ContainerField<T>(name, "tmp", description, since, when)
    where T : class
    where TChild : class
{
    protected override void SaveElement(T owner, int index, in SaveContext context) =>
        description.Save(create(owner), context, description.Version);

    protected override void LoadElement(T owner, int index, in LoadContext context) =>
        description.Load(create(owner), context, Since);
}
