namespace Godwit.VmState;

/// <summary>How the keys of a tree are written and read.</summary>
internal interface ITreeKeyCodec<TKey>
{
    void Save(TKey key, in SaveContext context);

    TKey Load(in LoadContext context, uint version);
}
