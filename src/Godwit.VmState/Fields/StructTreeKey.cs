namespace Godwit.VmState;

/// <summary>A key that is a struct with a description of its own.</summary>
internal sealed class StructTreeKey<TKey>(VmStateDescription<TKey> description, Func<TKey> create) : ITreeKeyCodec<TKey>
    where TKey : class
{
    public void Save(TKey key, in SaveContext context) => description.Save(key, context, description.Version);

    public TKey Load(in LoadContext context, uint version)
    {
        TKey key = create();
        description.Load(key, context, version);
        return key;
    }
}
