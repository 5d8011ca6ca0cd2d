using System.Buffers.Binary;

namespace Godwit.Fuzz;

/// <summary>Makes inputs out of valid ones: pieces moved, lost and doubled, numbers that lie, bytes changed; and plain noise.</summary>
internal sealed class InputMutator(IReadOnlyList<SeedInput> corpus, int maxBytes)
{
    private const int NoiseBytes = 512;
    private const int MaxParts = 24;
    private const int MaxEdits = 4;

    private readonly List<Part> _parts = [];
    private readonly byte[] _buffer = new byte[maxBytes];
    private int _length;

    /// <summary>The input is a valid one as it was built: it has to be accepted.</summary>
    public bool IsUnchanged { get; private set; }

    /// <summary>Makes the next input; valid until the next call.</summary>
    public ReadOnlySpan<byte> Make(FuzzRandom random)
    {
        SeedInput seed = corpus[random.Next(corpus.Count)];
        IsUnchanged = false;
        switch (random.Next(32))
        {
            case 0:
                MakeNoise(random, seed);
                break;
            case 1 or 2:
                IsUnchanged = seed.Bytes.Length <= maxBytes;
                Copy(seed);
                break;
            default:
                if (random.OneIn(3))
                    Rearrange(random, seed);
                else
                    Copy(seed);
                for (int edits = random.Between(_parts.Count == 1 ? 1 : 0, MaxEdits); edits > 0; edits--)
                    Edit(random);
                break;
        }

        return _buffer.AsSpan(0, _length);
    }

    private void MakeNoise(FuzzRandom random, SeedInput seed)
    {
        Copy(seed);
        int kept = random.Next(_length + 1);
        _length = Math.Min(maxBytes, kept + random.Next(NoiseBytes));
        random.Fill(_buffer.AsSpan(kept, _length - kept));
    }

    private void Copy(SeedInput seed)
    {
        _parts.Clear();
        _parts.Add(new Part(seed, 1, seed.Bytes.Length));
        Join(seed);
    }

    private void Rearrange(FuzzRandom random, SeedInput seed)
    {
        _parts.Clear();
        int count = Math.Min(seed.Pieces.Length - 1, MaxParts);
        for (int i = 0; i < count; i++)
            _parts.Add(new Part(seed, seed.Pieces[i], seed.Pieces[i + 1]));
        for (int changes = random.Between(1, 3); changes > 0 && _parts.Count > 0; changes--)
        {
            int at = random.Next(_parts.Count);
            int other = random.Next(_parts.Count);
            switch (random.Next(4))
            {
                case 0:
                    _parts.RemoveAt(at);
                    break;
                case 1:
                    _parts.Insert(other, _parts[at]);
                    break;
                case 2:
                    (_parts[at], _parts[other]) = (_parts[other], _parts[at]);
                    break;
                default:
                    SeedInput stranger = corpus[random.Next(corpus.Count)];
                    int piece = random.Next(stranger.Pieces.Length - 1);
                    _parts.Insert(at, new Part(stranger, stranger.Pieces[piece], stranger.Pieces[piece + 1]));
                    break;
            }
        }

        Join(seed);
    }

    private void Join(SeedInput seed)
    {
        _buffer[0] = seed.Bytes[0];
        _length = 1;
        for (int i = 0; i < _parts.Count; i++)
        {
            Part part = _parts[i];
            int count = Math.Min(part.End - part.Start, maxBytes - _length);
            part.Seed.Bytes.AsSpan(part.Start, count).CopyTo(_buffer.AsSpan(_length));
            _parts[i] = part with { Target = _length };
            _length += count;
        }
    }

    private void Edit(FuzzRandom random)
    {
        if (_length < 2)
            return;
        int at = random.Between(random.OneIn(64) ? 0 : 1, _length - 1);
        switch (random.Next(16))
        {
            case 0 or 1:
                _buffer[at] ^= (byte)(1 << random.Next(8));
                break;
            case 2 or 3:
                _buffer[at] = random.Pick<byte>(0, 1, 2, 3, 4, 5, 6, 7, 8, 0x30, 0x7e, 0x7f, 0x80, 0xfe, 0xff);
                break;
            case 4:
                _buffer[at] = random.NextByte();
                break;
            case 5:
                _length = at;
                break;
            case 6:
                Insert(random, at, random.Between(1, 8));
                break;
            case 7:
                Delete(at, Math.Min(_length - at, random.Between(1, 8)));
                break;
            case 8:
                int from = random.Between(1, _length - 1);
                int count = Math.Min(random.Between(1, 16), _length - Math.Max(at, from));
                _buffer.AsSpan(from, count).CopyTo(_buffer.AsSpan(at));
                break;
            case 9 or 10:
                Lie(random, at, 1 << random.Next(4));
                break;
            default:
                LieAtNumber(random);
                break;
        }
    }

    private void LieAtNumber(FuzzRandom random)
    {
        if (_parts.Count == 0)
            return;
        Part part = _parts[random.Next(_parts.Count)];
        if (part.Seed.Numbers.Length == 0)
            return;
        (int offset, int size) = part.Seed.Numbers[random.Next(part.Seed.Numbers.Length)];
        if (offset >= part.Start && offset < part.End)
            Lie(random, part.Target + offset - part.Start, size);
    }

    private void Lie(FuzzRandom random, int at, int size)
    {
        if (at + size > _length)
            return;
        Span<byte> place = _buffer.AsSpan(at, size);
        Span<byte> whole = stackalloc byte[sizeof(ulong)];
        whole.Clear();
        place.CopyTo(whole[^size..]);
        ulong old = BinaryPrimitives.ReadUInt64BigEndian(whole);
        ulong value = random.Next(12) switch
        {
            0 => 0,
            1 => 1,
            2 => old + 1,
            3 => old - 1,
            4 => ulong.MaxValue,
            5 => ulong.MaxValue >> 1 >> (64 - (8 * size)),
            6 => 1UL << ((8 * size) - 1),
            7 => (ulong)random.Next(_length + 16),
            8 => old ^ (1UL << random.Next(8 * size)),
            9 => old * 2,
            10 => old | 0xf000,
            _ => random.NextUInt64(),
        };
        BinaryPrimitives.WriteUInt64BigEndian(whole, value);
        whole[^size..].CopyTo(place);
    }

    private void Insert(FuzzRandom random, int at, int count)
    {
        count = Math.Min(count, maxBytes - _length);
        _buffer.AsSpan(at, _length - at).CopyTo(_buffer.AsSpan(at + count));
        random.Fill(_buffer.AsSpan(at, count));
        _length += count;
    }

    private void Delete(int at, int count)
    {
        _buffer.AsSpan(at + count, _length - at - count).CopyTo(_buffer.AsSpan(at));
        _length -= count;
    }

    /// <summary>A run of bytes of a valid input, and where it is in the made one as long as no edit has moved it.</summary>
    private readonly record struct Part(SeedInput Seed, int Start, int End, int Target = 0);
}
