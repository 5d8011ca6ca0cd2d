using System.Buffers.Binary;
using System.Text;

namespace Godwit.Interop.Tests;

/// <summary>
/// The memory that the RAM records of a stream add up to. It shares no code with the engine, so that a mistake there cannot hide itself.
/// </summary>
internal sealed class RamImage
{
    private const int PageBytes = 4096;
    private readonly Dictionary<string, byte[]> _blocks = new(StringComparer.Ordinal);
    private byte[]? _last;
    private string _lastName = "";

    /// <summary>Called for each page record when it is applied: block, page offset, kind flag.</summary>
    public Action<string, long, int>? PageSeen { get; init; }

    /// <summary>The blocks by name.</summary>
    public IReadOnlyDictionary<string, byte[]> Blocks => _blocks;

    /// <summary>Takes the records of one section.</summary>
    public void Add(ReadOnlySpan<byte> records)
    {
        while (true)
        {
            ulong word = BinaryPrimitives.ReadUInt64BigEndian(records);
            records = records[8..];
            int flags = (int)(word & (PageBytes - 1));
            var offset = (long)(word & ~(ulong)(PageBytes - 1));
            switch (flags & ~0x20)
            {
                case 0x04:
                    records = AddBlocks(records, offset);
                    break;
                case 0x02:
                    records = Find(records, flags);
                    _last.AsSpan((int)offset, PageBytes).Fill(records[0]);
                    PageSeen?.Invoke(_lastName, offset, 0x02);
                    records = records[1..];
                    break;
                case 0x08:
                    records = Find(records, flags);
                    records[..PageBytes].CopyTo(_last.AsSpan((int)offset));
                    PageSeen?.Invoke(_lastName, offset, 0x08);
                    records = records[PageBytes..];
                    break;
                case 0x40:
                    records = Find(records, flags);
                    Assert.Equal(1, records[0]);
                    int length = BinaryPrimitives.ReadUInt16BigEndian(records[1..]);
                    Change(_last.AsSpan((int)offset, PageBytes), records.Slice(3, length));
                    PageSeen?.Invoke(_lastName, offset, 0x40);
                    records = records[(3 + length)..];
                    break;
                case 0x10:
                    Assert.True(records.IsEmpty, $"{records.Length} bytes after the end of a RAM section");
                    return;
                default:
                    throw new InvalidDataException($"RAM record with flags 0x{flags:x}");
            }
        }
    }

    private ReadOnlySpan<byte> AddBlocks(ReadOnlySpan<byte> records, long total)
    {
        while (total > 0)
        {
            string name = Encoding.ASCII.GetString(records.Slice(1, records[0]));
            records = records[(1 + records[0])..];
            long length = BinaryPrimitives.ReadInt64BigEndian(records);
            records = records[8..];
            _blocks.Add(name, new byte[length]);
            total -= length;
        }

        return records;
    }

    private ReadOnlySpan<byte> Find(ReadOnlySpan<byte> records, int flags)
    {
        if ((flags & 0x20) != 0)
            return records;
        _lastName = Encoding.ASCII.GetString(records.Slice(1, records[0]));
        _last = _blocks[_lastName];
        return records[(1 + records[0])..];
    }

    /// <summary>Pairs of lengths: so many bytes stay, so many are new and follow.</summary>
    private static void Change(Span<byte> page, ReadOnlySpan<byte> runs)
    {
        int at = 0;
        while (!runs.IsEmpty)
        {
            at += Length(ref runs);
            int count = Length(ref runs);
            runs[..count].CopyTo(page[at..]);
            runs = runs[count..];
            at += count;
        }
    }

    /// <summary>Seven bits, and seven more above them when the first byte says so.</summary>
    private static int Length(ref ReadOnlySpan<byte> runs)
    {
        int value = runs[0] & 0x7f;
        bool isLong = runs[0] >= 0x80;
        if (isLong)
            value |= runs[1] << 7;
        runs = runs[(isLong ? 2 : 1)..];
        return value;
    }
}
