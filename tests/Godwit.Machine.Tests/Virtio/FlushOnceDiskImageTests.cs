namespace Godwit.Machine.Tests;

public class FlushOnceDiskImageTests
{
    [Fact]
    public void Flush_NothingWrittenSinceTheLast_IsNotPassedOn()
    {
        var image = new MemoryDiskImage(4096);
        using var disk = new FlushOnceDiskImage(image);

        disk.Flush();
        disk.Flush();
        disk.Read(0, new byte[16]);
        disk.Flush();
        Assert.Equal(1, image.Flushes);

        disk.Write(0, [1]);
        disk.Flush();
        disk.Flush();
        Assert.Equal(2, image.Flushes);

        disk.Zero(0, 1, mayUnmap: true);
        disk.Flush();
        disk.Flush();
        Assert.Equal(3, image.Flushes);
    }

    [Fact]
    public void Flush_AfterAFailure_IsTriedAgain()
    {
        var image = new MemoryDiskImage(4096) { Fails = true };
        using var disk = new FlushOnceDiskImage(image);

        Assert.Throws<IOException>(disk.Flush);
        image.Fails = false;
        disk.Flush();
        Assert.Equal(1, image.Flushes);

        image.Fails = true;
        Assert.Throws<IOException>(() => disk.Write(0, [1]));
        image.Fails = false;
        disk.Flush();
        Assert.Equal(2, image.Flushes);
    }

    [Fact]
    public void Flush_WhileAnotherOneRuns_ReturnsNotBeforeIt()
    {
        var image = new MemoryDiskImage(4096);
        using var disk = new FlushOnceDiskImage(image);
        image.Gate.Reset();
        var first = new Thread(disk.Flush);
        var second = new Thread(disk.Flush);
        first.Start();
        second.Start();

        Assert.False(first.Join(20));
        Assert.False(second.Join(20));
        image.Gate.Set();
        Assert.True(first.Join(TimeSpan.FromSeconds(20)));
        Assert.True(second.Join(TimeSpan.FromSeconds(20)));
        Assert.Equal(1, image.Flushes);
    }
}
