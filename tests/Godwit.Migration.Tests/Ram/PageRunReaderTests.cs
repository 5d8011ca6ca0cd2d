using FsCheck;
using FsCheck.Fluent;
using Godwit.Memory;
using Godwit.Testing;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Ram;

public sealed class PageRunReaderTests : IDisposable
{
    private const int Page = 4096;
    private const int Pages = 200;

    private readonly RamTestMachine _machine = new();
    private readonly RamBlock _ram;
    private readonly RamBlock _other;

    public PageRunReaderTests()
    {
        _ram = _machine.AddBlock("ram", Pages);
        _other = _machine.AddBlock("other", 16);
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Read_LongRun_ComesStraightIntoItsPlace()
    {
        var stream = new RamStreamBytes().U64(0x008).Name("ram").Fill(1, Page);
        for (int page = 1; page < Pages; page++)
            stream.U64(((ulong)page * Page) | 0x028).Fill((byte)(page + 1), Page);
        using var channel = new PieceChannel(stream.EndOfSection().ToArray(), Pieces(new Random(1), 3000));

        using var incoming = new IncomingRam(_machine.Memory, new RamOptions());
        incoming.Read(new MigrationReader(channel), 4, SectionType.Part);

        for (int page = 0; page < Pages; page++)
            Assert.False(_ram.GetSpan(new RamOffset((ulong)page * Page), Page).ContainsAnyExcept((byte)(page + 1)), $"page {page}");
        Assert.Equal((ulong)Pages, incoming.Placement.ReceivedOf(_ram).CountReceived());
        Assert.True(channel.ScatteredBytes > 150L * Page, $"only {channel.ScatteredBytes} bytes were not copied");
    }

    /// <summary>Runs broken by zero pages, jumps, other blocks, pages sent again and section ends; pieces of any length.</summary>
    [Fact]
    public void Read_AnyOrderOfRecordsInAnyPieces_GivesTheSameMemory()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            using var machine = new RamTestMachine();
            RamBlock[] blocks = [machine.AddBlock("ram", Pages), machine.AddBlock("other", 16)];
            byte[][] expected = [.. blocks.Select(block => new byte[block.UsedLengthBytes])];
            blocks[1].GetSpan(default, 16 * Page).Fill(0xdd);
            expected[1].AsSpan().Fill(0xdd);
            (byte[] stream, int sections) = RandomStream(random, blocks, expected);
            using var channel = new PieceChannel(stream, Pieces(random, random.Next(2) == 0 ? 9000 : 300_000));
            var reader = new MigrationReader(channel);
            using var incoming = new IncomingRam(machine.Memory, new RamOptions());
            for (int i = 0; i < sections; i++)
                incoming.Read(reader, 4, SectionType.Part);
            return reader.Position == stream.Length
                && reader.IsAtEnd()
                && blocks.Zip(expected).All(pair => pair.First.GetSpan(default, pair.Second.Length).SequenceEqual(pair.Second));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Read_RunThatEndsEarly_LeavesPagesThatNeverComeAsTheyWere()
    {
        _ram.GetSpan(default, Pages * Page).Fill(0xdd);
        var stream = new RamStreamBytes().U64(0x008).Name("ram").Fill(1, Page);
        stream.U64((3UL * Page) | 0x028).Fill(2, Page);
        for (int page = 100; page < 190; page++)
            stream.U64(((ulong)page * Page) | 0x028).Fill(3, Page);
        using var channel = new PieceChannel(stream.EndOfSection().ToArray(), Pieces(new Random(3), 300_000));

        using var incoming = new IncomingRam(_machine.Memory, new RamOptions());
        incoming.Read(new MigrationReader(channel), 4, SectionType.Part);

        for (int page = 0; page < Pages; page++)
        {
            byte expected = page switch { 0 => 1, 3 => 2, >= 100 and < 190 => 3, _ => 0xdd };
            Assert.False(_ram.GetSpan(new RamOffset((ulong)page * Page), Page).ContainsAnyExcept(expected), $"page {page}");
        }
    }

    [Fact]
    public void Read_TruncatedInsideARun_IsRefusedAsEndOfStream()
    {
        var stream = new RamStreamBytes().U64(0x008).Name("ram").Fill(1, Page);
        for (int page = 1; page < 20; page++)
            stream.U64(((ulong)page * Page) | 0x028).Fill(2, Page);
        byte[] bytes = stream.EndOfSection().ToArray();
        foreach (int length in Enumerable.Range(0, 120).Select(i => i * 691).Where(length => length < bytes.Length))
        {
            using var channel = new PieceChannel(bytes.AsSpan(0, length), Pieces(new Random(length), 5000));
            using var incoming = new IncomingRam(_machine.Memory, new RamOptions());

            StreamFormatException refusal = Assert.Throws<StreamFormatException>(
                () => incoming.Read(new MigrationReader(channel), 4, SectionType.Part));

            Assert.InRange(refusal.Offset, 0, length);
        }

        Assert.NotNull(_other);
    }

    private static Func<int> Pieces(Random random, int longest) => () => random.Next(1, longest + 1);

    private static (byte[] Stream, int Sections) RandomStream(Random random, RamBlock[] blocks, byte[][] expected)
    {
        var stream = new RamStreamBytes();
        int last = -1;
        int sections = 1;
        for (int run = random.Next(1, 12); run > 0; run--)
        {
            int which = random.Next(4) == 0 ? 1 : 0;
            int pages = expected[which].Length / Page;
            int first = random.Next(pages);
            int count = Math.Min(pages - first, random.Next(1, 90));
            for (int page = first; page < first + count; page++)
            {
                bool isZero = random.Next(20) == 0;
                byte value = (byte)random.Next(1, 256);
                ulong kind = (isZero ? 0x002UL : 0x008UL) | (which == last ? 0x020UL : 0);
                stream.U64(((ulong)page * Page) | kind);
                if (which != last)
                    stream.Name(blocks[which].IdString);
                last = which;
                if (isZero)
                    stream.Bytes(0);
                else
                    stream.Fill(value, Page);
                expected[which].AsSpan(page * Page, Page).Fill(isZero ? (byte)0 : value);
            }

            if (random.Next(4) == 0)
            {
                stream.EndOfSection();
                sections++;
            }
        }

        return (stream.EndOfSection().ToArray(), sections);
    }
}
