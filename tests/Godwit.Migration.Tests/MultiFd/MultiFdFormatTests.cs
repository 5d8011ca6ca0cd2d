using System.Buffers.Binary;
using Godwit.Wire;

namespace Godwit.Migration.Tests.MultiFd;

public sealed class MultiFdFormatTests
{
    [Fact]
    public void WriteInit_ChannelOne_IsThePeersMessage()
    {
        var message = new byte[64];
        MultiFdFormat.WriteInit(message, null, 1);
        Assert.Equal("1122334400000001" + new string('0', 32) + "01" + new string('0', 78), Convert.ToHexString(message));
        Assert.Equal(1, MultiFdFormat.ReadInit(message, null, 2));
    }

    [Theory]
    [InlineData(0, "another magic")]
    [InlineData(7, "another version")]
    [InlineData(8, "another machine")]
    [InlineData(24, "too large")]
    public void ReadInit_ByteChanged_Refuses(int at, string reason)
    {
        var message = new byte[64];
        MultiFdFormat.WriteInit(message, Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"), 1);
        message[at] ^= 0x83;
        var error = Assert.Throws<StreamFormatException>(() => MultiFdFormat.ReadInit(message, Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"), 2));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0x11223345u, "another magic")]
    [InlineData(4, 2u, "another version")]
    [InlineData(8, 0x40u, "state of a device")]
    [InlineData(8, 0x02u, "another method")]
    [InlineData(12, 129u, "room for too many")]
    [InlineData(12, 0xffffffffu, "room for too many")]
    [InlineData(16, 129u, "more pages than room")]
    [InlineData(16, 0x80000000u, "more pages than room")]
    [InlineData(32, 127u, "more zero pages")]
    [InlineData(20, 4096u, "impossible length")]
    [InlineData(20, 0xffffffffu, "impossible length")]
    public void Check_WordChanged_RefusesAtItsPlace(int at, uint value, string reason)
    {
        byte[] header = PacketBytes.Header(0, 128, 2, 8192, 1, "ram", 0, 4096, 8192);
        new MultiFdPacket(header).Check(MultiFdBits.None, 0);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(at), value);

        var error = Assert.Throws<StreamFormatException>(() => new MultiFdPacket(header).Check(MultiFdBits.None, 1000));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(1000 + at, error.Offset);
    }

    [Theory]
    [InlineData(0, 2)] // two neighbours, then a gap
    [InlineData(1, 1)]
    [InlineData(2, 1)] // backwards
    [InlineData(3, 1)] // the same page again
    [InlineData(4, 1)] // the neighbour behind it is a zero page
    public void RunLength_Offsets_EndsWhereThePagesAreNoNeighboursOrZero(int index, int expected)
    {
        byte[] header = PacketBytes.Header(0, 128, 5, 5 * 4096, 1, "ram", 0x1000, 0x2000, 0x5000, 0x4000, 0x4000, 0x5000);

        Assert.Equal(expected, new MultiFdPacket(header).RunLength(index));
    }

    [Fact]
    public void Check_PacketOfAnOldPeerWithoutPages_IgnoresStaleLengthAndMethod() =>
        new MultiFdPacket(PacketBytes.Header(0x03, 128, 0, 77777, 0, "stale", 1)).Check(MultiFdBits.None, 0);
}
