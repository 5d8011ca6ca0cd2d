namespace Godwit.Migration.Tests.Savevm;

/// <summary>Numbers, names and lengths of commands and return path messages as docs/formats/commands.md and return-path.md have them.</summary>
public class MessageLayoutTests
{
    [Theory]
    [InlineData(1, "OPEN_RETURN_PATH", 0, 0)]
    [InlineData(2, "PING", 4, 4)]
    [InlineData(3, "POSTCOPY_ADVISE", 0, 16)]
    [InlineData(4, "POSTCOPY_LISTEN", 0, 0)]
    [InlineData(5, "POSTCOPY_RUN", 0, 0)]
    [InlineData(6, "POSTCOPY_RAM_DISCARD", 20, 65535)]
    [InlineData(7, "PACKAGED", 4, 4)]
    [InlineData(8, "ENABLE_COLO", 0, 0)]
    [InlineData(9, "POSTCOPY_RESUME", 0, 0)]
    [InlineData(10, "RECV_BITMAP", 2, 256)]
    [InlineData(11, "SWITCHOVER_START", 0, 0)]
    public void Command_Number_HasNameAndLength(int number, string name, int least, int most)
    {
        Assert.Equal(new MessageLayout(name, least, most), MigrationCommandFormat.Find((MigrationCommand)number));
        Assert.Equal((MigrationCommand)number, MigrationCommandFormat.FindByName(name));
    }

    [Theory]
    [InlineData(1, "SHUT", 4, 4)]
    [InlineData(2, "PONG", 4, 4)]
    [InlineData(3, "REQ_PAGES_ID", 13, 512)]
    [InlineData(4, "REQ_PAGES", 12, 12)]
    [InlineData(5, "RECV_BITMAP", 2, 256)]
    [InlineData(6, "RESUME_ACK", 4, 4)]
    [InlineData(7, "SWITCHOVER_ACK", 0, 0)]
    public void Message_Number_HasNameAndLength(int number, string name, int least, int most) =>
        Assert.Equal(new MessageLayout(name, least, most), ReturnPathFormat.Find((ReturnPathMessageType)number));

    [Fact]
    public void Find_NoSuchNumber_IsNull()
    {
        Assert.Null(MigrationCommandFormat.Find(MigrationCommand.Invalid));
        Assert.Null(MigrationCommandFormat.Find((MigrationCommand)12));
        Assert.Null(ReturnPathFormat.Find(ReturnPathMessageType.Invalid));
        Assert.Null(ReturnPathFormat.Find((ReturnPathMessageType)8));
    }

    [Fact]
    public void FindByName_NoSuchName_Throws() => Assert.Throws<ArgumentException>(() => MigrationCommandFormat.FindByName("PONG"));
}
