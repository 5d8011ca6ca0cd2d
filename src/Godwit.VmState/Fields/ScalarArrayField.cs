using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>Scalars one after another; the count is fixed or another member.</summary>
internal sealed class ScalarArrayField<T, TValue>(
    string name,
    ScalarCodec<TValue> codec,
    FieldSpan<T, TValue> elements,
    Func<T, long>? count,
    int maximum,
    Action<T, int>? allocate,
    uint since,
    Func<T, uint, bool>? when) : ElementField<T>(name, codec.TypeName, since, when)
    where T : class
{
    private readonly ElementCount<T> _count = new(name, count, maximum);

    protected override int GetCount(T owner, MigrationReader? reader)
    {
        int wanted = _count.Get(owner, count is null ? elements(owner).Length : 0, reader);
        if (reader is not null)
            allocate?.Invoke(owner, wanted);
        return _count.CheckCapacity(wanted, elements(owner).Length, reader);
    }

    protected override void SaveElement(T owner, int index, in SaveContext context) => codec.Write(context.Writer, elements(owner)[index]);

    protected override void LoadElement(T owner, int index, in LoadContext context) => elements(owner)[index] = codec.Read(context.Reader);
}
