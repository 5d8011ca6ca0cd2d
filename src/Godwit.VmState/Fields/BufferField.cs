using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>Raw bytes: all of a buffer, a part of it, or as many as another member says. No length on the wire.</summary>
internal sealed class BufferField<T>(
    string name,
    FieldSpan<T, byte> bytes,
    Func<T, long>? count,
    int maximum,
    Action<T, int>? allocate,
    uint since,
    Func<T, uint, bool>? when) : ElementField<T>(name, "buffer", since, when)
    where T : class
{
    private readonly ElementCount<T> _count = new(name, count, maximum);

    protected override int GetCount(T owner, MigrationReader? reader) => 1;

    protected override void SaveElement(T owner, int index, in SaveContext context) =>
        context.Writer.Write(bytes(owner)[..GetLength(owner, reader: null)]);

    protected override void LoadElement(T owner, int index, in LoadContext context)
    {
        int length = GetLength(owner, context.Reader);
        context.Reader.ReadExactly(bytes(owner)[..length]);
    }

    private int GetLength(T owner, MigrationReader? reader)
    {
        int wanted = _count.Get(owner, count is null ? bytes(owner).Length : 0, reader);
        if (reader is not null)
            allocate?.Invoke(owner, wanted);
        return _count.CheckCapacity(wanted, bytes(owner).Length, reader);
    }
}
