using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using Godwit.Native;
using Godwit.Testing;

namespace Godwit.Wire.Tests;

/// <summary>The reader and the writer, each alone and against each other.</summary>
public sealed class MigrationStreamTests
{
    private const int Deadline = 20_000;

    [Fact]
    public void Write_EachKind_IsBigEndian()
    {
        var target = new ArrayBufferWriter<byte>();
        var writer = MigrationWriter.ToMemory(target);

        writer.WriteByte(0x51);
        writer.WriteUInt16(0x4556);
        writer.WriteUInt32(0x4d000000);
        writer.WriteUInt64(0x0102030405060708);
        writer.WriteCountedString("ram");
        writer.Write([0xff, 0xfe]);
        Assert.Equal(21, writer.Position);
        writer.Flush();

        Assert.Equal("5145564d0000000102030405060708" + "03" + "72616d" + "fffe", Convert.ToHexStringLower(target.WrittenSpan));
        Assert.Equal(21, writer.Position);
    }

    [Fact]
    public void Read_EachKind_IsBigEndianAndCountsPositions()
    {
        var reader = MigrationReader.FromMemory(Convert.FromHexString("5145564d0000000102030405060708" + "0372616d" + "fffe"));

        Assert.Equal(0x51, reader.ReadByte());
        Assert.Equal(0x4556, reader.ReadUInt16());
        Assert.Equal(0x4d000000u, reader.ReadUInt32());
        Assert.Equal(0x0102030405060708ul, reader.ReadUInt64());
        Assert.Equal("ram", reader.ReadCountedString());
        Assert.Equal(19, reader.Position);
        Assert.False(reader.IsAtEnd());
        reader.Skip(2);
        Assert.True(reader.IsAtEnd());
        Assert.Equal(21, reader.Position);
    }

    [Fact]
    public void Read_BeyondTheEnd_SaysWhereAndHowMuchIsMissing()
    {
        var reader = MigrationReader.FromMemory(new byte[10]);
        reader.Section = "ram";
        reader.Skip(8);

        var e = Assert.Throws<StreamFormatException>(() => reader.ReadUInt32());

        Assert.Equal("unexpected end of stream", e.Reason);
        Assert.Equal(10, e.Offset);
        Assert.Equal("ram", e.Section);
        Assert.Equal("unexpected end of stream: expected 4 bytes, found 2 bytes (offset 0xa, section 'ram')", e.Message);
        // What was there is still there.
        Assert.Equal(0, reader.ReadUInt16());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(511)]
    [InlineData(4096)]
    public void Peek_AnyChunking_SeesAheadWithoutMoving(int pieceBytes)
    {
        var bytes = Bytes(1500);
        var (source, destination) = MemoryChannel.CreatePair();
        source.Write(bytes);
        source.FinishWriting();
        var reader = new MigrationReader(new FlakyChannel(destination, pieceBytes: pieceBytes), MigrationReader.MaxPeekBytes);
        reader.Skip(700);

        Assert.True(reader.TryPeek(512, out var seen));
        Assert.Equal(bytes[700..1212], seen.ToArray());
        Assert.True(reader.TryPeekByte(511, out var last));
        Assert.Equal(bytes[1211], last);
        Assert.Equal(700, reader.Position);
        reader.Skip(700);
        Assert.False(reader.TryPeek(101, out var rest));
        Assert.Equal(bytes[1400..], rest.ToArray());
        Assert.False(reader.TryPeekByte(100, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.TryPeek(513, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.TryPeekByte(-1, out _));
    }

    [Fact]
    public void WriteByReference_ChangedBeforeTheFlush_SendsTheLaterContent()
    {
        var target = new ArrayBufferWriter<byte>();
        var writer = MigrationWriter.ToMemory(target);
        using var memory = HostMapping.AllocateAnonymous(4096);
        writer.WriteByte(1);
        writer.WriteByReference(memory.GetRange(0, 2));
        writer.WriteByte(2);

        memory.GetSpan(0, 2).Fill(9);
        Assert.Equal(4, writer.Position);
        writer.Flush();

        Assert.Equal([1, 9, 9, 2], target.WrittenSpan.ToArray());
    }

    [Fact]
    public void WriteByReference_ManyPages_FlushesByItselfInOrder()
    {
        const int Pages = 3000;
        var target = new ArrayBufferWriter<byte>();
        var writer = MigrationWriter.ToMemory(target);
        using var memory = HostMapping.AllocateAnonymous(16);
        memory.GetSpan(0, 1)[0] = 0xaa;
        for (var i = 0; i < Pages; i++)
        {
            writer.WriteUInt64((ulong)i);
            writer.WriteByReference(memory.GetRange(0, 1));
        }

        Assert.Equal(Pages * 9, writer.Position);
        Assert.InRange(target.WrittenCount, 1, Pages * 9);
        writer.Flush();
        var reader = MigrationReader.FromMemory(target.WrittenMemory);
        for (var i = 0; i < Pages; i++)
        {
            Assert.Equal((ulong)i, reader.ReadUInt64());
            Assert.Equal(0xaa, reader.ReadByte());
        }
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void WriteCountedString_Length_IsLimitedToAByte(int length, bool allowed)
    {
        var target = new ArrayBufferWriter<byte>();
        var writer = MigrationWriter.ToMemory(target);
        var text = new string('x', length);

        if (!allowed)
        {
            Assert.Throws<ArgumentException>(() => writer.WriteCountedString(text));
            Assert.Equal(0, writer.Position);
            return;
        }

        writer.WriteCountedString(text);
        writer.Flush();
        Assert.Equal(text, MigrationReader.FromMemory(target.WrittenMemory).ReadCountedString());
    }

    [Fact]
    public void WriteCountedString_CharacterAboveAByte_IsRefusedAndNothingIsWritten()
    {
        var writer = MigrationWriter.ToMemory(new ArrayBufferWriter<byte>());

        Assert.Throws<ArgumentException>(() => writer.WriteCountedString("a\u0100"));
        Assert.Equal(0, writer.Position);
    }

    [Fact]
    public void FilePosition_MovedForward_LeavesAGapThatBothSidesCount()
    {
        using var file = new MemoryStream();
        var writer = MigrationWriter.ToStream(file);
        writer.WriteUInt32(1);
        Assert.Equal(4, writer.FilePosition);
        writer.FilePosition = 100;
        writer.WriteUInt32(2);
        Assert.Equal(104, writer.Position);
        writer.Flush();
        file.Position = 0;

        var reader = MigrationReader.FromStream(file);
        Assert.Equal(1u, reader.ReadUInt32());
        Assert.Equal(4, reader.FilePosition);
        reader.FilePosition = 100;
        Assert.Equal(2u, reader.ReadUInt32());
        Assert.Equal(104, reader.Position);
    }

    [Fact]
    public void Transfer_CutAfterEveryByte_ReaderNamesThatByte()
    {
        var bytes = Stream();
        for (var cut = 0; cut < bytes.Length; cut++)
        {
            var (source, destination) = MemoryChannel.CreatePair();
            using var flaky = new FlakyChannel(source, cutAfterBytesWritten: cut);
            var writer = new MigrationWriter(flaky, bufferBytes: 512);
            writer.Write(bytes);

            var write = Assert.Throws<ChannelException>(writer.Flush);
            var read = Assert.Throws<StreamFormatException>(() => ReadStream(new MigrationReader(destination)));

            Assert.Equal(Errno.ECONNRESET, write.Errno);
            Assert.Equal(cut, read.Offset);
            Assert.True(flaky.IsCut);
            destination.Dispose();
        }
    }

    [Fact]
    public void Transfer_ReaderCutAfterEveryByte_FailsWithTheChannelsCause()
    {
        var bytes = Stream();
        for (var cut = 0; cut < bytes.Length; cut++)
        {
            var (source, destination) = MemoryChannel.CreatePair();
            source.Write(bytes);
            using var flaky = new FlakyChannel(destination, cutAfterBytesRead: cut);

            var e = Assert.Throws<ChannelException>(() => ReadStream(new MigrationReader(flaky)));

            Assert.Equal(Errno.ECONNRESET, e.Errno);
            Assert.Same(e, flaky.FirstError);
            source.Dispose();
        }
    }

    [Fact]
    public void RoundTrip_RandomItemsAndChunks_GivesTheItems()
    {
        var items = Gen.OneOf(
            ArbMap.Default.GeneratorFor<byte>().Select(v => (object)v),
            ArbMap.Default.GeneratorFor<ushort>().Select(v => (object)v),
            ArbMap.Default.GeneratorFor<uint>().Select(v => (object)v),
            ArbMap.Default.GeneratorFor<ulong>().Select(v => (object)v),
            Gen.Choose(0, 255).Select(n => (object)new string('\u00e9', n)),
            Gen.Choose(0, 3000).Select(n => (object)Bytes(n)),
            Gen.Choose(0, 3000).Select(n => (object)new Reference(n)));
        var cases =
            from list in items.ListOf()
            from piece in Gen.Elements(1, 2, 7, 100, 512, 4096, int.MaxValue)
            from readerBuffer in Gen.Elements(512, 1000, 65536)
            from writerBuffer in Gen.Elements(512, 4096)
            from capacity in Gen.Elements(1, 13, 1000, 1 << 20)
            select (Items: list.ToArray(), piece, readerBuffer, writerBuffer, capacity);
        Prop.ForAll(cases.ToArbitrary(), c => RoundTrips(c.Items, c.piece, c.readerBuffer, c.writerBuffer, c.capacity)).QuickCheckThrowOnFailure();
    }

    private static bool RoundTrips(object[] items, int piece, int readerBuffer, int writerBuffer, int capacity)
    {
        using var memory = HostMapping.AllocateAnonymous(8192);
        Bytes(4096).CopyTo(memory.GetSpan(0, 4096));
        var (source, destination) = MemoryChannel.CreatePair(capacity);
        using var a = source;
        using var b = new FlakyChannel(destination, pieceBytes: piece);
        long written = 0;
        var sender = new Thread(() =>
        {
            var writer = new MigrationWriter(a, bufferBytes: writerBuffer);
            foreach (var item in items)
                Write(writer, item, memory);
            written = writer.Position;
            writer.Flush();
            a.FinishWriting();
        });
        sender.Start();
        var reader = new MigrationReader(b, readerBuffer);
        var same = items.All(item => ReadsBack(reader, item, memory)) && reader.IsAtEnd();
        return sender.Join(Deadline) && same && reader.Position == written;
    }

    private static void Write(MigrationWriter writer, object item, HostMapping memory)
    {
        switch (item)
        {
            case byte v: writer.WriteByte(v); break;
            case ushort v: writer.WriteUInt16(v); break;
            case uint v: writer.WriteUInt32(v); break;
            case ulong v: writer.WriteUInt64(v); break;
            case string v: writer.WriteCountedString(v); break;
            case byte[] v: writer.Write(v); break;
            case Reference v: writer.WriteByReference(memory.GetRange(0, v.Length)); break;
        }
    }

    private static bool ReadsBack(MigrationReader reader, object item, HostMapping memory)
    {
        switch (item)
        {
            case byte v:
                return reader.TryPeekByte(0, out var seen) && seen == v && reader.ReadByte() == v;
            case ushort v:
                return reader.ReadUInt16() == v;
            case uint v:
                return reader.ReadUInt32() == v;
            case ulong v:
                return reader.ReadUInt64() == v;
            case string v:
                return reader.ReadCountedString() == v;
            case byte[] v:
                var copy = new byte[v.Length];
                reader.ReadExactly(copy);
                return copy.AsSpan().SequenceEqual(v);
            case Reference v:
                memory.GetSpan(4096, 4096).Clear();
                reader.ReadExactly(memory.GetRange(4096, v.Length));
                return memory.GetRange(0, v.Length).ContentEquals(memory.GetRange(4096, v.Length));
            default:
                return false;
        }
    }

    private static byte[] Stream()
    {
        var target = new ArrayBufferWriter<byte>();
        var writer = MigrationWriter.ToMemory(target);
        writer.WriteUInt32(0x5145564d);
        writer.WriteUInt16(3);
        writer.WriteCountedString("name");
        writer.WriteUInt64(4);
        writer.Write(new byte[40]);
        writer.WriteByte(0);
        writer.Flush();
        return target.WrittenSpan.ToArray();
    }

    private static void ReadStream(MigrationReader reader)
    {
        reader.ReadUInt32();
        reader.ReadUInt16();
        reader.ReadCountedString();
        reader.ReadUInt64();
        reader.ReadExactly(new byte[40]);
        reader.ReadByte();
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private sealed record Reference(int Length);
}
