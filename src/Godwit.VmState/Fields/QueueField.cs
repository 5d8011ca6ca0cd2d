using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>A list of unknown length: before each element a 1, at the end a 0.</summary>
internal sealed class QueueField<T, TChild>(
    string name,
    string wireType,
    Func<T, ICollection<TChild>> elements,
    Func<T, TChild> create,
    VmStateDescription<TChild> description,
    int maximum,
    uint since,
    Func<T, uint, bool>? when) : ElementField<T>(name, wireType, since, when)
    where T : class
    where TChild : class
{
    public override VmStateDescription Nested => description;

    public override uint? NestedLoadVersion => Since;

    internal override bool IsLeaf => false;

    internal override bool IsCompressible(PeerProfile profile, int depth) => !HasPredicate;

    protected override int GetCount(T owner, MigrationReader? reader) => 1;

    protected override void SaveElement(T owner, int index, in SaveContext context)
    {
        foreach (TChild element in elements(owner))
        {
            context.Writer.WriteByte(1);
            description.Save(element, context, description.Version);
        }

        context.Writer.WriteByte(0);
    }

    protected override void LoadElement(T owner, int index, in LoadContext context)
    {
        MigrationReader reader = context.Reader;
        for (int count = 0; reader.ReadByte() != 0; count++)
        {
            if (count == maximum)
                throw VmStateErrors.BadCount(reader, Name, count + 1L, maximum);
            TChild element = create(owner);
            description.Load(element, context, Since);
            elements(owner).Add(element);
        }
    }
}
