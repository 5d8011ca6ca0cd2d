using System.IO.Compression;
using Godwit.Memory;
using Godwit.Migration;

namespace Godwit.Fuzz;

/// <summary>Guest memory as arrays, filled by reading RAM records slowly and by hand.</summary>
internal sealed class RamModel
{
    private const int PageBytes = FuzzMachine.PageBytes;
    private const int MaxCompressedBytes = 4109;

    private readonly RamOptions _options;
    private readonly Dictionary<string, Block> _blocks = new(StringComparer.Ordinal);
    private Block? _previous;

    /// <summary>Memory of zeros, as the machine's after a reset.</summary>
    public RamModel(FuzzMachine machine, RamOptions options)
    {
        _options = options;
        foreach (RamBlock block in machine.Blocks)
        {
            ulong used = block.IsResizable ? PageBytes : block.MaxLengthBytes;
            _blocks.Add(block.IdString, new Block(block, new byte[block.MaxLengthBytes], new bool[block.MaxLengthBytes / PageBytes]) { UsedBytes = used });
        }
    }

    /// <summary>Reads the body of a section.</summary>
    public void ReadSection(ByteCursor bytes, bool mayList)
    {
        while (true)
        {
            ulong word = bytes.U64();
            ulong address = word / PageBytes * PageBytes;
            int flags = (int)(word % PageBytes);
            switch (flags)
            {
                case 0x010:
                    Require(address == 0, "EOS with an address");
                    return;
                case 0x200:
                    Require(address == 0, "FLUSH with an address");
                    break;
                case 0x080:
                    break;
                case 0x004:
                    Require(mayList, "block list outside START");
                    ReadList(bytes, address);
                    break;
                default:
                    ReadPage(bytes, flags, address);
                    break;
            }
        }
    }

    /// <summary>Compares all memory, and which pages came.</summary>
    public void CheckEqual(Func<RamBlock, ReceivedBitmap?> receivedOf)
    {
        foreach (Block block in _blocks.Values)
        {
            string name = block.Owner.IdString;
            Require(block.UsedBytes == block.Owner.UsedLengthBytes, $"length of {name} is 0x{block.Owner.UsedLengthBytes:x}, not 0x{block.UsedBytes:x}");
            ReadOnlySpan<byte> found = block.Owner.GetSpan(default, block.Content.Length);
            int same = found.CommonPrefixLength(block.Content);
            Require(same == found.Length, $"byte 0x{same:x} of {name} differs");
            if (receivedOf(block.Owner) is not { } received)
                continue;
            for (int page = 0; page < block.Received.Length; page++)
                Require(received.IsReceived(new PageIndex((ulong)page)) == block.Received[page], $"received bit {page} of {name}");
        }
    }

    private void ReadPage(ByteCursor bytes, int flags, ulong address)
    {
        if ((flags & 0x20) == 0)
        {
            string name = bytes.Text();
            Require(_blocks.TryGetValue(name, out Block? named), "unknown block " + name);
            _previous = named;
        }

        Block block = _previous ?? throw new FuzzFailureException("accepted, but not right: CONTINUE first");
        Require(block.Owner.IsMigratable && !(_options.IgnoreShared && block.Owner.IsNamedFile), "page of " + block.Owner.IdString);
        Require(address < block.UsedBytes, "page outside its block");
        Span<byte> page = block.Content.AsSpan((int)address, PageBytes);
        block.Received[address / PageBytes] = true;
        switch (flags & ~0x20)
        {
            case 0x002:
                Require(bytes.U8() == 0, "fill byte");
                page.Clear();
                break;
            case 0x008:
                bytes.Take(PageBytes).CopyTo(page);
                break;
            case 0x040:
                Require(bytes.U8() == 1, "encoding");
                int length = bytes.U16();
                Require(length <= PageBytes, "length of an encoding");
                ApplyDifference(bytes.Take(length), page);
                break;
            case 0x100:
                uint compressed = bytes.U32();
                Require(compressed <= MaxCompressedBytes, "length of a compressed page");
                Inflate(bytes.Take((int)compressed), page);
                break;
            default:
                throw new FuzzFailureException($"accepted, but not right: flags 0x{flags:x}");
        }
    }

    private void ReadList(ByteCursor bytes, ulong total)
    {
        var seen = new List<string>();
        while (total > 0)
        {
            string name = bytes.Text();
            ulong length = bytes.U64();
            Require(_blocks.TryGetValue(name, out Block? block) && block.Owner.IsMigratable, "listed block " + name);
            Require(!seen.Contains(name), "block listed twice");
            seen.Add(name);
            Require(length != 0 && length <= total, "length of a block");
            total -= length;
            ulong rounded = (length / PageBytes * PageBytes) + (length % PageBytes != 0 ? (ulong)PageBytes : 0);
            Require(block!.Owner.IsResizable ? rounded <= (ulong)block.Content.Length : rounded == block.UsedBytes, "length of block " + name);
            block.UsedBytes = rounded;
            if (_options.PostcopyRam && block.Owner.PageSizeBytes != PageBytes)
                Require(bytes.U64() == block.Owner.PageSizeBytes, "page size of " + name);
            if (_options.IgnoreShared)
            {
                ulong address = bytes.U64();
                Require(!block.Owner.IsNamedFile || address == block.Owner.Region.Offset, "address of " + name);
            }
        }
    }

    private static void ApplyDifference(byte[] data, Span<byte> page)
    {
        int at = 0;
        int position = 0;
        for (int run = 0; at < data.Length; run++)
        {
            int length = data[at] & 0x7f;
            if ((data[at++] & 0x80) != 0)
            {
                Require(at < data.Length && data[at] < 0x80, "run length");
                length += data[at++] * 128;
            }

            Require(length > 0 || run == 0, "empty run");
            Require(position + length <= page.Length, "run beyond the page");
            for (int i = 0; run % 2 == 1 && i < length; i++)
            {
                Require(at < data.Length, "run beyond the data");
                page[position + i] = data[at++];
            }

            position += length;
            Require(run % 2 == 1 || at < data.Length, "equal run at the end");
        }
    }

    private static void Inflate(byte[] data, Span<byte> page)
    {
        using var whole = new MemoryStream();
        using (var inflater = new ZLibStream(new MemoryStream(data), CompressionMode.Decompress))
            inflater.CopyTo(whole);
        Require(whole.Length == PageBytes, $"a compressed page of {whole.Length} bytes");
        whole.GetBuffer().AsSpan(0, PageBytes).CopyTo(page);
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
            throw new FuzzFailureException("accepted, but not right: " + what);
    }

    private sealed record Block(RamBlock Owner, byte[] Content, bool[] Received)
    {
        public ulong UsedBytes { get; set; }
    }
}
