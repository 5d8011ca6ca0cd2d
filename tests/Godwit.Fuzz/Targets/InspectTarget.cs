using System.Buffers;
using System.Text.Json;
using Godwit.Snapshot;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>The inspector, which has to say something about any file. Byte 0 as for streams.</summary>
internal sealed class InspectTarget : FuzzTarget
{
    private const int MultiFdOffsetsBytes = 1024;

    private readonly ReturnPathTarget _returnPath = new();

    public override string Name => "inspect";

    public override SeedInput MakeSeed(FuzzRandom random)
    {
        switch (random.Next(8))
        {
            case 0:
                SeedInput messages;
                do
                    messages = _returnPath.MakeSeed(random);
                while (messages.Bytes.Length == 1 || messages.Bytes.AsSpan(1).IndexOf("\0\x05"u8) >= 0); // a bitmap would have to follow
                return messages;
            case 1:
                return MakeMultiFd(random);
            case 2:
                return MakePackage(random);
            case 3:
                return MakeMappedRam(random);
            default:
                return new StreamSeeds(random).Make(new StreamSettings((byte)(random.NextByte() & ~8)), 0, isDescribed: true);
        }
    }

    public override bool Fuzz(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.IsEmpty ? [] : input[1..].ToArray();
        InspectReport report = StreamInspector.Inspect(new MemoryStream(bytes, writable: false), new InspectOptions { ListPages = true });
        CheckExtents(report, bytes.Length);
        CheckOutput(report);
        CheckRewritten(report, bytes);
        if (report.IsComplete)
            return true;
        LastRefusal = report.Errors[0].Reason + " " + report.Errors[0].Offset;
        return false;
    }

    private static void CheckExtents(InspectReport report, int length)
    {
        Check(report.IsComplete == (report.Errors.Count == 0) && report.Errors.Count < 2, "complete, or one error");
        foreach (InspectError error in report.Errors)
            Check(error.Offset >= 0 && error.Offset <= length, $"the offset of an error is not inside: {error}");
        long at = 0;
        foreach (StreamItem item in report.Items)
        {
            Check(item.Offset == at && item.Length >= 0, $"item {item.Kind} is not at {at}");
            at += item.Length;
        }

        Check(at <= length && (!report.IsComplete || at == length), $"items end at {at} of {length}");
        Check(report.Bytes == length, "length of the file");
    }

    private static void CheckOutput(InspectReport report)
    {
        using var json = new MemoryStream();
        report.WriteJson(json);
        using JsonDocument document = JsonDocument.Parse(json.GetBuffer().AsMemory(0, (int)json.Length), new JsonDocumentOptions { MaxDepth = 512 });
        Check(document.RootElement.GetProperty("complete").GetBoolean() == report.IsComplete, "JSON: complete");
        report.WriteText(TextWriter.Null, new InspectViewOptions { ShowFields = true, ShowPages = true });
    }

    /// <summary>What was understood gives the bytes again.</summary>
    private static void CheckRewritten(InspectReport report, byte[] bytes)
    {
        var written = new ArrayBufferWriter<byte>();
        MigrationWriter writer = MigrationWriter.ToMemory(written);
        int whole = report.Items.Count - (report.IsComplete ? 0 : 1);
        for (int i = 0; i < whole; i++)
        {
            StreamItem item = report.Items[i];

            // A description may be written with other blanks than the writer's.
            if (item.Kind == StreamItemKind.VmDescription || !StreamRewriter.CanWrite(item))
                continue;
            written.Clear();
            StreamRewriter.Write(item, writer);
            writer.Flush();
            ReadOnlySpan<byte> original = bytes.AsSpan((int)item.Offset, (int)item.Length);
            Check(original.SequenceEqual(written.WrittenSpan), $"item {i}, {item.Kind} {item.IdString}, is written with other bytes");
        }
    }

    private static SeedInput MakeMultiFd(FuzzRandom random)
    {
        var bytes = new SeedBuilder();
        byte[] zeros = new byte[MultiFdOffsetsBytes];
        bytes.Piece().U32(0x11223344).U32(1).Bytes(StreamModel.Uuid.ToByteArray(bigEndian: true)).U8(0).Bytes(zeros.AsSpan(0, 39));
        for (int packets = random.Next(3); packets > 0; packets--)
        {
            int zeroPages = random.Next(128);
            bytes.Piece().U32(0x11223344).U32(1).U32((uint)random.Next(2)).U32(128).U32(0).U32(0).U64(random.NextUInt64()).U32((uint)zeroPages);
            bytes.Bytes(zeros.AsSpan(0, 28)).Bytes("ram\0"u8).Bytes(zeros.AsSpan(0, 252)).Bytes(zeros);
        }

        return bytes.Build();
    }

    private static SeedInput MakeMappedRam(FuzzRandom random)
    {
        const int PageBytes = FuzzMachine.PageBytes;
        const int HeaderBytes = 28;
        var bytes = new SeedBuilder();
        bytes.Piece().U32(0x5145564d).U32(3).U8(7).U32(4).Bytes("virt"u8).U8(5).Text("configuration/capabilities").U32(1).U32(1).Text("mapped-ram");
        bytes.Piece().U8(1).U32(2).Text("ram").U32(0).U32(4).U64(PageBytes | 4).Text("ram").U64(PageBytes);
        int bitmap = bytes.StreamOffset + HeaderBytes + random.Next(20);
        bytes.U32(1).U64(PageBytes).U64((ulong)bitmap).U64(PageBytes);
        bytes.Bytes(new byte[bitmap - bytes.StreamOffset]).Piece().U8((byte)random.Next(2)).Bytes(new byte[7]);
        bytes.Bytes(new byte[PageBytes - bytes.StreamOffset]).Piece().Bytes(new byte[PageBytes]);
        return bytes.Piece().U64(0x10).U8(0x7e).U32(2).Piece().U8(0).Build();
    }

    private static SeedInput MakePackage(FuzzRandom random)
    {
        var bytes = new SeedBuilder();
        byte[] body = new byte[random.Next(20)];
        bytes.Piece().U32(0x5145564d).U32(3).U8(7).U32(4).Bytes("virt"u8);
        bytes.Piece().U8(8).U16(3).U16(16).U64(4096).U64(4096);
        bytes.Piece().U8(8).U16(7).U16(4).U32((uint)(5 + 5 + 4 + 8 + body.Length + 5 + 5));
        bytes.Piece().U8(8).U16(4).U16(0);
        bytes.Piece().U8(4).U32(9).Text("dev").U32(0).U32(1).Bytes(body).U8(0x7e).U32(9);
        bytes.Piece().U8(8).U16(5).U16(0);
        return bytes.Piece().U8(0).Build();
    }
}
