using FsCheck;
using FsCheck.Fluent;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Savevm;

/// <summary>The conversation is one that a real destination had in a postcopy migration.</summary>
public class ReturnPathCodecTests
{
    private const string Block = "riscv_virt_board.ram";

    private const string Conversation =
        "0002000400000001" + "0002000400000002" + "0002000400000003" + "0002000400000042" + "0002000400000004"
        + "00030021" + "0000000003111000" + "00001000" + "1472697363765f766972745f626f6172642e72616d"
        + "0004000c" + "0000000007ffa000" + "00001000"
        + "0001000400000000";

    [Fact]
    public void Writer_Conversation_IsThePeers()
    {
        var (near, far) = MemoryChannel.CreatePair();
        var writer = new ReturnPathWriter(far);

        foreach (var ping in new uint[] { 1, 2, 3, 0x42, 4 })
            writer.Pong(ping);
        writer.RequestPages(Block, 0x3111000, 0x1000);
        writer.RequestPages(Block, 0x7ffa000, 0x1000);
        writer.Shut(0);

        Assert.Equal(Conversation, Convert.ToHexStringLower(ReadAll(near)));
    }

    [Fact]
    public void Reader_Conversation_IsUnderstood()
    {
        var reader = new ReturnPathReader(MigrationReader.FromMemory(Convert.FromHexString(Conversation)));
        var messages = new List<ReturnPathMessage>();
        while (reader.TryRead(out var message))
            messages.Add(message);

        Assert.Equal(
            [
                new(ReturnPathMessageType.Pong, 1), new(ReturnPathMessageType.Pong, 2), new(ReturnPathMessageType.Pong, 3),
                new(ReturnPathMessageType.Pong, 0x42), new(ReturnPathMessageType.Pong, 4),
                new(ReturnPathMessageType.RequestPagesWithName, BlockName: Block, StartBytes: 0x3111000, LengthBytes: 0x1000),
                new(ReturnPathMessageType.RequestPages, StartBytes: 0x7ffa000, LengthBytes: 0x1000),
                new ReturnPathMessage(ReturnPathMessageType.Shut),
            ],
            messages);
    }

    [Fact]
    public void Writer_RecoveryMessages_HaveTheStatedLayout()
    {
        var (near, far) = MemoryChannel.CreatePair();
        var writer = new ReturnPathWriter(far);

        writer.RecvBitmap("ab", [1, 2, 3, 4, 5, 6, 7, 8]);
        writer.ResumeAck();
        writer.SwitchoverAck();

        Assert.Equal(
            "00050003026162" + "0000000000000008" + "0102030405060708" + "0123456789abcdef" + "0006000400000001" + "00070000",
            Convert.ToHexStringLower(ReadAll(near)));
    }

    [Fact]
    public void TryRead_TruncatedAnywhere_SaysSo()
    {
        var whole = Convert.FromHexString("00030021" + "0000000003111000" + "00001000" + "1472697363765f766972745f626f6172642e72616d");
        for (var length = 1; length < whole.Length; length++)
        {
            var reader = new ReturnPathReader(MigrationReader.FromMemory(whole.AsMemory(0, length)));
            Assert.Contains("unexpected end of stream", Assert.Throws<StreamFormatException>(() => reader.TryRead(out _)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TryRead_LongPayload_IsRefusedBeforeItIsRead()
    {
        var reader = new ReturnPathReader(MigrationReader.FromMemory(Convert.FromHexString("00030201")));

        var refusal = Assert.Throws<StreamFormatException>(() => reader.TryRead(out _));

        Assert.Equal((2L, "at most 512", "513"), (refusal.Offset, refusal.Expected, refusal.Found));
    }

    [Fact]
    public void TryRead_AnyBytes_AreReadOrRefusedAndNothingElse() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            var reader = new ReturnPathReader(MigrationReader.FromMemory(bytes));
            try
            {
                while (reader.TryRead(out var message))
                    Assert.InRange(message.Type, ReturnPathMessageType.Shut, ReturnPathMessageType.SwitchoverAck);
            }
            catch (StreamFormatException e)
            {
                Assert.InRange(e.Offset, 0, bytes.Length);
            }
        }).QuickCheckThrowOnFailure();

    private static byte[] ReadAll(MemoryChannel channel)
    {
        var bytes = new byte[channel.UnreadBytes];
        for (var got = 0; got < bytes.Length;)
            got += channel.Read(bytes.AsSpan(got));
        return bytes;
    }
}
