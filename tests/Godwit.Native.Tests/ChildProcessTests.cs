namespace Godwit.Native.Tests;

public sealed class ChildProcessTests
{
    private const int Deadline = 10_000;

    [Fact]
    public void StartWithOutput_Command_GivesItsOutputAndStatus()
    {
        using var child = ChildProcess.StartWithOutput(["/bin/sh", "-c", "printf hello; exit 3"]);
        var buffer = new byte[16];

        Assert.Equal(5, child.Pipe.Read(buffer));
        Assert.Equal("hello"u8.ToArray(), buffer[..5]);
        Assert.Equal(0, child.Pipe.Read(buffer));
        Assert.True(child.WaitForExit(Deadline));
        Assert.Equal("command exited with status 3", child.DescribeFailure());
    }

    [Fact]
    public void StartWithInput_PipeClosed_CommandSeesTheEnd()
    {
        using var child = ChildProcess.StartWithInput(["/bin/cat"]);
        Assert.Equal(3, child.Pipe.Write("abc"u8));

        child.Pipe.Dispose();

        Assert.True(child.WaitForExit(Deadline));
        Assert.Null(child.DescribeFailure());
    }

    [Fact]
    public void Start_NoSuchProgram_ThrowsTheErrno()
    {
        var e = Assert.Throws<ErrnoException>(() => ChildProcess.StartWithInput(["/nonexistent/program"]));

        Assert.Equal(Errno.ENOENT, e.Errno);
    }

    [Fact]
    public void Dispose_CommandThatNeverEnds_EndsTheWholeGroup()
    {
        var child = ChildProcess.StartWithOutput(["/bin/sh", "-c", "sleep 1000 & echo $!; wait"]);
        var buffer = new byte[32];
        var count = (int)child.Pipe.Read(buffer);
        var grandchild = int.Parse(System.Text.Encoding.ASCII.GetString(buffer, 0, count), System.Globalization.CultureInfo.InvariantCulture);

        child.Dispose();

        Assert.False(Directory.Exists($"/proc/{child.Id}"));
        Assert.True(SpinWait.SpinUntil(() => HasEnded(grandchild), Deadline));
    }

    [Fact]
    public void Start_Child_DoesNotIgnoreBrokenPipes()
    {
        // "yes" would print for ever if it had inherited that SIGPIPE is ignored, or complain and exit with a status.
        using var child = ChildProcess.StartWithOutput(["/bin/sh", "-c", "exec yes"]);
        child.Pipe.Read(new byte[10]);

        child.Pipe.Dispose();

        Assert.True(child.WaitForExit(Deadline));
        Assert.Equal("command was ended by signal 13", child.DescribeFailure());
    }

    [Fact]
    public void Start_Child_HasNoDescriptorsOfOurs()
    {
        using var mapping = HostMapping.AllocateShared("godwit-test", 4096);
        using var child = ChildProcess.StartWithOutput(["/bin/sh", "-c", "ls -l /proc/$$/fd; echo"]);
        var buffer = new byte[4096];
        var length = 0;
        for (int count; (count = (int)child.Pipe.Read(buffer.AsSpan(length))) > 0; length += count)
        {
        }

        var text = System.Text.Encoding.ASCII.GetString(buffer, 0, length);
        Assert.Contains("1 -> pipe", text, StringComparison.Ordinal);
        Assert.DoesNotContain("godwit-test", text, StringComparison.Ordinal);
    }

    private static bool HasEnded(int process)
    {
        try
        {
            // A process that ended but was not reaped by its new parent is state Z.
            return File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }
}
