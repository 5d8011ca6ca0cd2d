using System.IO.Compression;
using Godwit.Migration;

namespace Godwit.Fuzz;

/// <summary>Writes valid RAM sections by hand.</summary>
internal sealed class RamSeeds(FuzzRandom random, SeedBuilder bytes, MigrationCapabilities capabilities)
{
    private const int PageBytes = FuzzMachine.PageBytes;

    private readonly byte[] _page = new byte[PageBytes];
    private ulong _tablesPages = 1;
    private string? _previous;

    /// <summary>The block list; as a real source sends it, or with blocks missing.</summary>
    public void WriteList()
    {
        _tablesPages = (ulong)random.Between(1, 4);
        (string Name, ulong Pages)[] blocks =
        [
            .. new[] { (FuzzMachine.Main, 4UL), (FuzzMachine.Shared, 2UL), (FuzzMachine.Unusual, 2UL) }.Where(_ => !random.OneIn(4)),
            (FuzzMachine.Resizable, _tablesPages),
        ];
        ulong total = 0;
        foreach ((_, ulong pages) in blocks)
            total += pages * PageBytes;
        bytes.U64(total | 4);
        foreach ((string name, ulong pages) in blocks)
        {
            bytes.Text(name).U64(pages * PageBytes);
            if (capabilities.PostcopyRam && name == FuzzMachine.Unusual)
                bytes.U64(FuzzMachine.UnusualPageBytes);
            if (capabilities.IgnoreShared)
                bytes.U64(name == FuzzMachine.Shared ? 0x80100000UL : 0);
        }
    }

    /// <summary>Some records of pages.</summary>
    /// <param name="records">How many.</param>
    /// <param name="wholePages">One of how many is a page in full, which makes the input long; 0 for none.</param>
    public void WriteRecords(int records, int wholePages)
    {
        for (; records > 0; records--)
        {
            string name = random.Pick(FuzzMachine.Main, FuzzMachine.Main, FuzzMachine.Unusual, FuzzMachine.Resizable, FuzzMachine.Shared);
            if (name == FuzzMachine.Shared && capabilities.IgnoreShared)
                name = FuzzMachine.Main;
            int pages = name switch { FuzzMachine.Main => 4, FuzzMachine.Resizable => (int)_tablesPages, _ => 2 };
            ulong address = (ulong)random.Next(pages) * PageBytes;
            if (wholePages > 0 && random.OneIn(wholePages))
                WritePage(name, address);
            else
                WriteSmallRecord(name, address);
        }
    }

    /// <summary>A page in full.</summary>
    public void WritePage(string name, ulong address)
    {
        WriteHeader(name, address | 0x008);
        _page.AsSpan().Fill(random.NextByte());
        _page[random.Next(PageBytes)] = random.NextByte();
        bytes.Bytes(_page);
    }

    public void WriteEnd() => bytes.U64(0x010);

    private void WriteSmallRecord(string name, ulong address)
    {
        switch (random.Next(8))
        {
            case 0:
                bytes.U64(random.Pick<ulong>(0x080, 0x200));
                break;
            case 1 or 2:
                WriteCompressed(name, address);
                break;
            case 3 or 4 or 5:
                WriteDifference(name, address);
                break;
            default:
                WriteHeader(name, address | 0x002);
                bytes.U8(0);
                break;
        }
    }

    private void WriteHeader(string name, ulong word)
    {
        bool continues = name.Equals(_previous, StringComparison.Ordinal);
        bytes.U64(word | (continues ? 0x020UL : 0));
        if (!continues)
            bytes.Text(name);
        _previous = name;
    }

    private void WriteDifference(string name, ulong address)
    {
        var runs = new List<byte>();
        int position = 0;
        for (int count = random.Between(1, 4); count > 0 && position < PageBytes - 400; count--)
        {
            int equal = random.Between(position == 0 ? 0 : 1, random.Pick(5, 127, 128, 300));
            int changed = random.Between(1, random.Pick(4, 4, 40));
            AddLength(runs, equal);
            AddLength(runs, changed);
            for (int i = 0; i < changed; i++)
                runs.Add(random.NextByte());
            position += equal + changed;
        }

        WriteHeader(name, address | 0x040);
        bytes.U8(1).U16(runs.Count).Bytes([.. runs]);
    }

    private static void AddLength(List<byte> runs, int length)
    {
        if (length < 0x80)
        {
            runs.Add((byte)length);
            return;
        }

        runs.Add((byte)(length | 0x80));
        runs.Add((byte)(length >> 7));
    }

    private void WriteCompressed(string name, ulong address)
    {
        _page.AsSpan().Fill(random.NextByte());
        random.Fill(_page.AsSpan(random.Next(PageBytes - 16), 16));
        using var output = new MemoryStream();
        using (var zlib = new ZLibStream(output, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(_page);
        WriteHeader(name, address | 0x100);
        bytes.U32((uint)output.Length).Bytes(output.ToArray());
    }
}
