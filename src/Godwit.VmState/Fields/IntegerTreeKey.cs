namespace Godwit.VmState;

/// <summary>An integer key: eight bytes, not described in the JSON.</summary>
internal sealed class IntegerTreeKey : ITreeKeyCodec<ulong>
{
    public void Save(ulong key, in SaveContext context) => context.Writer.WriteUInt64(key);

    public ulong Load(in LoadContext context, uint version) => context.Reader.ReadUInt64();
}
