namespace Godwit.Native.Tests;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class FileDescriptorTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"godwit-fd-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void OpenWrite_NewFile_HasMode0600()
    {
        using var file = FileDescriptor.OpenWrite(_path);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
        Assert.True(file.HasPosition);
        Assert.False(file.IsSocket);
    }

    [Fact]
    public void WriteAt_TwoRanges_LandTogetherAtTheOffset()
    {
        using var mapping = HostMapping.AllocateAnonymous(4096);
        "abcdef"u8.CopyTo(mapping.GetSpan(0, 6));
        using (var file = FileDescriptor.OpenWrite(_path))
            Assert.Equal(4, file.WriteAt(10, [mapping.GetRange(4, 2), mapping.GetRange(0, 2)]));

        using var again = FileDescriptor.OpenRead(_path);
        Assert.Equal(4, again.ReadAt(10, mapping.GetRange(100, 50)));
        Assert.Equal("efab"u8.ToArray(), mapping.GetSpan(100, 4).ToArray());
        Assert.Equal(14, again.SeekToEnd());
    }

    [Fact]
    public void WriteAt_OpenForReadingOnly_GivesTheErrno()
    {
        FileDescriptor.OpenWrite(_path).Dispose();
        using var file = FileDescriptor.OpenRead(_path);

        Assert.Equal(-Errno.EBADF, file.WriteAt(0, "x"u8));
    }

    [Fact]
    public void Read_EmptyNonBlockingPipe_GivesAgain()
    {
        var (reader, writer) = FileDescriptor.CreatePipe();
        using var r = reader;
        using var w = writer;
        r.SetNonBlocking(true);

        Assert.Equal(-Errno.EAGAIN, r.Read(new byte[1]));
        Assert.False(r.HasPosition);
    }

    [Fact]
    public void Use_AfterDispose_IsRefused()
    {
        var (reader, writer) = FileDescriptor.CreatePipe();
        writer.Dispose();
        reader.Dispose();

        Assert.Throws<ObjectDisposedException>(() => reader.Read(new byte[1]));
    }

    [Fact]
    public void WaitFor_PipeStaysEmpty_EndsWhenTheEventIsSet()
    {
        var (reader, writer) = FileDescriptor.CreatePipe();
        using var r = reader;
        using var w = writer;
        using var wake = new WakeEvent();
        var result = true;
        var thread = new Thread(() => result = wake.WaitFor(r, forWriting: false));
        thread.Start();

        wake.Set();

        Assert.True(thread.Join(10_000));
        Assert.False(result);
    }

    [Fact]
    public void RemoveIfSocket_OrdinaryFile_Stays()
    {
        File.WriteAllText(_path, "x");

        Assert.False(FileSystem.RemoveIfSocket(_path));
        Assert.True(File.Exists(_path));
    }
}
