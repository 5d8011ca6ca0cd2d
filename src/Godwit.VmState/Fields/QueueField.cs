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
    Func<T, uint, bool>? when) : ContainerField<T>(name, wireType, description, since, when)
    where T : class
    where TChild : class
{
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
