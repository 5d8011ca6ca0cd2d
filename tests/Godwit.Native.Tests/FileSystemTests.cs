using System.Net.Sockets;

namespace Godwit.Native.Tests;

public sealed class FileSystemTests
{
    // Paths that refuse a privileged user as well.
    [Theory]
    [InlineData("/nonexistent/x", "No such file or directory")]
    [InlineData("/", "Is a directory")]
    [InlineData("/dev/full", "No space left on device")]
    public void Describe_FileThatCannotBeWritten_IsTheSystemsText(string path, string expected)
    {
        Exception failure = Assert.ThrowsAny<Exception>(() => File.WriteAllText(path, "x"));
        Assert.Equal(expected, FileSystem.Describe(failure, path));
    }

    [Fact]
    public void Describe_SocketThatIsNotThereOrNotServed_IsTheSystemsText()
    {
        Assert.Equal("No such file or directory", Connect("/nonexistent/socket"));
        string path = Path.Combine(Path.GetTempPath(), $"godwit-{Guid.NewGuid():N}");
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            socket.Bind(new UnixDomainSocketEndPoint(path));
        File.WriteAllText(path, "");
        Assert.Equal("Connection refused", Connect(path));
        File.Delete(path);
    }

    [Theory]
    [InlineData("/nonexistent/socket", "No such file or directory")]
    [InlineData("/proc/socket", "No such file or directory")] // no files can be made there
    public void Describe_SocketThatCannotBeMade_IsTheSystemsText(string path, string expected)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var failure = Assert.ThrowsAny<SocketException>(() => socket.Bind(new UnixDomainSocketEndPoint(path)));
        Assert.Equal(expected, FileSystem.Describe(failure, path));
    }

    [Fact]
    public void Describe_AnythingElse_IsItsMessage() =>
        Assert.Equal("why", FileSystem.Describe(new InvalidOperationException("why"), "/"));

    private static string Connect(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        return FileSystem.Describe(Assert.ThrowsAny<SocketException>(() => socket.Connect(new UnixDomainSocketEndPoint(path))), path);
    }
}
