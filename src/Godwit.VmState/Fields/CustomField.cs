using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>A device family's own kind of field, once or as an array; opaque to the description, which gives its type and size.</summary>
internal sealed class CustomField<T>(
    string name,
    string wireType,
    Action<T, int, MigrationWriter> save,
    Action<T, int, MigrationReader> load,
    Func<T, long>? count,
    int maximum,
    uint since,
    Func<T, uint, bool>? when) : ElementField<T>(name, wireType, since, when)
    where T : class
{
    private readonly ElementCount<T> _count = new(name, count, maximum);

    protected override int GetCount(T owner, MigrationReader? reader) => _count.Get(owner, 1, reader);

    protected override void SaveElement(T owner, int index, in SaveContext context) => save(owner, index, context.Writer);

    protected override void LoadElement(T owner, int index, in LoadContext context) => load(owner, index, context.Reader);
}
