using System.Text;

namespace Godwit.Fuzz;

/// <summary>Reads bytes one at a time, for the models; wanting more than there are means that the parser accepted too short an input.</summary>
internal sealed class ByteCursor(byte[] bytes, int start, int end)
{
    private int _position = start;
    private readonly int _start = start;

    public int Position => _position - _start;

    public bool IsAtEnd => _position == end;

    public byte U8() => _position < end ? bytes[_position++] : throw new FuzzFailureException($"accepted, but it ends at {Position}");

    public ushort U16() => (ushort)Number(2);

    public uint U32() => (uint)Number(4);

    public ulong U64() => Number(8);

    public string Text() => Encoding.Latin1.GetString(Take(U8()));

    public byte[] Take(int count)
    {
        var taken = new byte[count];
        for (int i = 0; i < count; i++)
            taken[i] = U8();
        return taken;
    }

    /// <summary>The name of the subsection that comes next, if it goes on from the parent's.</summary>
    public string? SubsectionOf(string parent)
    {
        if (end - _position < 2 || bytes[_position] != 5)
            return null;
        int length = bytes[_position + 1];
        if (end - _position - 2 < length || length <= parent.Length)
            return null;
        string name = Encoding.Latin1.GetString(bytes, _position + 2, length);
        return name.StartsWith(parent, StringComparison.Ordinal) ? name : null;
    }

    private ulong Number(int size)
    {
        ulong value = 0;
        for (int i = 0; i < size; i++)
            value = (value << 8) | U8();
        return value;
    }
}
