using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>One scalar, by reference or by a pair of accessors.</summary>
internal sealed class ScalarField<T, TValue>(
    string name,
    ScalarCodec<TValue> codec,
    Func<T, TValue> get,
    Action<T, TValue> set,
    uint since,
    Func<T, uint, bool>? when) : ElementField<T>(name, codec.TypeName, since, when)
    where T : class
{
    public ScalarField(string name, ScalarCodec<TValue> codec, FieldRef<T, TValue> field, uint since, Func<T, uint, bool>? when)
        : this(name, codec, owner => field(owner), (owner, value) => field(owner) = value, since, when)
    {
    }

    protected override int GetCount(T owner, MigrationReader? reader) => 1;

    protected override void SaveElement(T owner, int index, in SaveContext context) => codec.Write(context.Writer, get(owner));

    protected override void LoadElement(T owner, int index, in LoadContext context) => set(owner, codec.Read(context.Reader));
}
