using Godwit.Testing;

namespace Godwit.Fuzz;

/// <summary>Builds a valid input by hand and notes where its pieces and numbers are.</summary>
internal sealed class SeedBuilder
{
    private readonly StreamBuilder _bytes = new();
    private readonly List<int> _pieces = [];
    private readonly List<(int Offset, int Size)> _numbers = [];

    public SeedBuilder(byte settings = 0) => _bytes.U8(settings);

    /// <summary>Bytes behind byte 0: the offset in the stream.</summary>
    public int StreamOffset => (int)_bytes.Length - 1;

    /// <summary>Begins a piece.</summary>
    public SeedBuilder Piece()
    {
        _pieces.Add((int)_bytes.Length);
        return this;
    }

    public SeedBuilder U8(byte value)
    {
        _bytes.U8(value);
        return this;
    }

    public SeedBuilder U16(int value)
    {
        Note(sizeof(ushort));
        _bytes.U16((ushort)value);
        return this;
    }

    public SeedBuilder U32(uint value)
    {
        Note(sizeof(uint));
        _bytes.U32(value);
        return this;
    }

    public SeedBuilder U64(ulong value)
    {
        Note(sizeof(ulong));
        _bytes.U64(value);
        return this;
    }

    public SeedBuilder Text(string text)
    {
        Note(1);
        _bytes.CountedString(text);
        return this;
    }

    public SeedBuilder Bytes(ReadOnlySpan<byte> bytes)
    {
        _bytes.Bytes(bytes);
        return this;
    }

    public SeedInput Build()
    {
        if (_pieces.Count == 0 || _pieces[0] != 1)
            _pieces.Insert(0, 1);
        return new SeedInput(_bytes.ToArray(), [.. _pieces, (int)_bytes.Length], [.. _numbers]);
    }

    private void Note(int size) => _numbers.Add(((int)_bytes.Length, size));
}
