using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>A sorted map: the node count, per node a 1, key and value, at the end a 0.</summary>
internal sealed class TreeField<T, TKey, TValue>(
    string name,
    Func<T, IDictionary<TKey, TValue>> nodes,
    ITreeKeyCodec<TKey> key,
    Func<T, TValue> createValue,
    VmStateDescription<TValue> description,
    int maximum,
    uint since,
    Func<T, uint, bool>? when) : ContainerField<T>(name, "gtree", description, since, when)
    where T : class
    where TKey : notnull
    where TValue : class
{
    protected override void SaveElement(T owner, int index, in SaveContext context)
    {
        IDictionary<TKey, TValue> map = nodes(owner);
        context.Writer.WriteUInt32((uint)map.Count);
        foreach ((TKey nodeKey, TValue value) in map)
        {
            context.Writer.WriteByte(1);
            key.Save(nodeKey, context);
            description.Save(value, context, description.Version);
        }

        context.Writer.WriteByte(0);
    }

    protected override void LoadElement(T owner, int index, in LoadContext context)
    {
        MigrationReader reader = context.Reader;
        long at = reader.Position;
        uint count = reader.ReadUInt32();
        if (count > (uint)maximum)
            throw reader.Error($"node count of '{Name}' out of range", VmStateErrors.Text($"0..{maximum}"), VmStateErrors.Text($"{count}"), at);

        IDictionary<TKey, TValue> map = nodes(owner);
        uint read = 0;
        for (at = reader.Position; reader.ReadByte() != 0; at = reader.Position, read++)
        {
            if (read == count)
                throw reader.Error($"'{Name}' has more nodes than it says", VmStateErrors.Text($"{count}"), "another node", at);
            TKey nodeKey = key.Load(context, Since);
            TValue value = createValue(owner);
            description.Load(value, context, Since);
            if (!map.TryAdd(nodeKey, value))
                throw reader.Error($"'{Name}' has one key twice", "distinct keys", nodeKey.ToString(), at);
        }

        if (read != count)
            throw reader.Error($"'{Name}' has fewer nodes than it says", VmStateErrors.Text($"{count}"), VmStateErrors.Text($"{read}"), at);
    }
}
