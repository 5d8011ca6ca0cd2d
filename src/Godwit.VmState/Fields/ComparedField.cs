using System.Globalization;
using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>A scalar that has to fit the receiver's current value: equal to it, or at most as great.</summary>
internal sealed class ComparedField<T, TValue>(
    string name,
    string wireType,
    ScalarCodec<TValue> codec,
    Func<T, TValue> get,
    Func<TValue, TValue, bool> accepts,
    string expectation,
    Action<T, TValue>? set,
    uint since,
    Func<T, uint, bool>? when) : ElementField<T>(name, wireType, since, when)
    where T : class
    where TValue : struct, IFormattable
{
    protected override int GetCount(T owner, MigrationReader? reader) => 1;

    protected override void SaveElement(T owner, int index, in SaveContext context) => codec.Write(context.Writer, get(owner));

    protected override void LoadElement(T owner, int index, in LoadContext context)
    {
        long at = context.Reader.Position;
        TValue found = codec.Read(context.Reader);
        TValue local = get(owner);
        if (!accepts(found, local))
        {
            throw context.Reader.Error(
                $"value of '{Name}' does not fit the receiver's",
                expectation + " " + local.ToString(null, CultureInfo.InvariantCulture),
                found.ToString(null, CultureInfo.InvariantCulture),
                at);
        }

        set?.Invoke(owner, found);
    }
}
