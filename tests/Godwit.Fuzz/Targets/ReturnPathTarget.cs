using Godwit.Migration;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>The messages of a return path. Byte 0 says nothing.</summary>
internal sealed class ReturnPathTarget : FuzzTarget
{
    private readonly byte[] _bytes;

    public ReturnPathTarget() => _bytes = new byte[MaxInputBytes];

    public override string Name => "return-path";

    public override SeedInput MakeSeed(FuzzRandom random)
    {
        var bytes = new SeedBuilder();
        for (int messages = random.Next(6); messages > 0; messages--)
        {
            string block = random.Pick("ram", "tables", "0000:00:01.0/rom");
            switch (random.Next(5))
            {
                case 0:
                    bytes.Piece().U16(random.Pick(1, 2, 6)).U16(4).U32(random.NextUInt32());
                    break;
                case 1:
                    bytes.Piece().U16(3).U16(13 + block.Length).U64(random.NextUInt64()).U32(4096).Text(block);
                    break;
                case 2:
                    bytes.Piece().U16(4).U16(12).U64(0x1000).U32(4096);
                    break;
                case 3:
                    bytes.Piece().U16(5).U16(1 + block.Length).Text(block);
                    break;
                default:
                    bytes.Piece().U16(7).U16(0);
                    break;
            }
        }

        return bytes.Build();
    }

    public override bool Fuzz(ReadOnlySpan<byte> input)
    {
        int length = Math.Max(0, input.Length - 1);
        input[^length..].CopyTo(_bytes);
        var reader = new ReturnPathReader(MigrationReader.FromMemory(_bytes.AsMemory(0, length)));
        var cursor = new ByteCursor(_bytes, 0, length);
        try
        {
            while (reader.TryRead(out ReturnPathMessage message))
                CheckEqual(ReadSlowly(cursor).ToString(), message.ToString(), "a message differs");
        }
        catch (StreamFormatException refusal)
        {
            return Refused(refusal, length);
        }

        Check(cursor.IsAtEnd, "the end was not reached");
        return true;
    }

    private static ReturnPathMessage ReadSlowly(ByteCursor bytes)
    {
        var type = (ReturnPathMessageType)bytes.U16();
        int length = bytes.U16();
        int start = bytes.Position;
        ReturnPathMessage message = type switch
        {
            ReturnPathMessageType.Shut or ReturnPathMessageType.Pong or ReturnPathMessageType.ResumeAck => new(type, Value: bytes.U32()),
            ReturnPathMessageType.RequestPages => new(type, StartBytes: bytes.U64(), LengthBytes: bytes.U32()),
            ReturnPathMessageType.RequestPagesWithName => new(type, StartBytes: bytes.U64(), LengthBytes: bytes.U32(), BlockName: bytes.Text()),
            ReturnPathMessageType.RecvBitmap => new(type, BlockName: bytes.Text()),
            ReturnPathMessageType.SwitchoverAck => new(type),
            _ => throw new FuzzFailureException($"accepted, but not right: message {type}"),
        };
        Check(bytes.Position - start == length, "accepted, but not right: the length of a message");
        return message;
    }
}
