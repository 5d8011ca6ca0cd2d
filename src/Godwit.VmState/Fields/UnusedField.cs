using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>Zero bytes in the place of a removed field; the content is ignored on load.</summary>
internal sealed class UnusedField<T>(string name, int lengthBytes, uint since, Func<T, uint, bool>? when)
    : ElementField<T>(name, "unused_buffer", since, when)
    where T : class
{
    private const int ChunkBytes = 256;

    protected override int GetCount(T owner, MigrationReader? reader) => 1;

    protected override void SaveElement(T owner, int index, in SaveContext context)
    {
        Span<byte> zeros = stackalloc byte[ChunkBytes];
        zeros.Clear();
        for (int left = lengthBytes; left > 0; left -= ChunkBytes)
            context.Writer.Write(zeros[..Math.Min(left, ChunkBytes)]);
    }

    protected override void LoadElement(T owner, int index, in LoadContext context) => context.Reader.Skip(lengthBytes);
}
