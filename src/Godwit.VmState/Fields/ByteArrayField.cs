using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>Bytes with their length in front (11.1).</summary>
internal sealed class ByteArrayField<T>(string name, FieldRef<T, byte[]> field, int maximum, uint since, Func<T, uint, bool>? when)
    : ElementField<T>(name, "GByteArray", since, when)
    where T : class
{
    protected override int GetCount(T owner, MigrationReader? reader) => 1;

    protected override void SaveElement(T owner, int index, in SaveContext context)
    {
        byte[] bytes = field(owner);
        context.Writer.WriteUInt32((uint)bytes.Length);
        context.Writer.Write(bytes);
    }

    protected override void LoadElement(T owner, int index, in LoadContext context)
    {
        long at = context.Reader.Position;
        uint length = context.Reader.ReadUInt32();
        if (length > (uint)maximum)
            throw context.Reader.Error($"length of '{Name}' out of range", VmStateErrors.Text($"0..{maximum}"), VmStateErrors.Text($"{length}"), at);
        var bytes = new byte[length];
        context.Reader.ReadExactly(bytes);
        field(owner) = bytes;
    }
}
