namespace Godwit.Wire.Tests;

/// <summary>Counts the descriptors of this process, so nothing else may run beside it.</summary>
[Collection(nameof(DescriptorLeakTests))]
[CollectionDefinition(nameof(DescriptorLeakTests), DisableParallelization = true)]
public sealed class DescriptorLeakTests
{
    [Theory]
    [MemberData(nameof(ChannelPair.AllKinds), MemberType = typeof(ChannelPair))]
    public void OpenAndClose_ManyTimes_LeavesNoDescriptor(string kind)
    {
        Use(kind);
        var before = CountDescriptors();

        for (var i = 0; i < 20; i++)
            Use(kind);

        Assert.Equal(before, CountDescriptors());
    }

    [Fact]
    public void Open_Refused_LeavesNoDescriptor()
    {
        string[] outgoing = ["tcp:127.0.0.1:1", "unix:/nonexistent/s", "file:/nonexistent/f", "file:/dev/null,offset=1", "fd:none"];
        string[] incoming = ["tcp:192.0.2.1:1", "unix:/nonexistent/s", "file:/nonexistent/f"];
        Refuse();
        var before = CountDescriptors();

        for (var i = 0; i < 20; i++)
            Refuse();

        Assert.Equal(before, CountDescriptors());

        void Refuse()
        {
            foreach (var uri in outgoing)
                Assert.Throws<ChannelException>(() => ChannelFactory.Connect(MigrationAddress.ParseUri(uri)));
            foreach (var uri in incoming)
                Assert.Throws<ChannelException>(() => ChannelFactory.Listen(MigrationAddress.ParseUri(uri)));
            Assert.Throws<ChannelException>(() => ChannelFactory.Connect(new ExecAddress(["/nonexistent"])));
        }
    }

    [Fact]
    public void Open_NeverUsed_LeavesNoDescriptorOrProcess()
    {
        var before = CountDescriptors();
        ChannelFactory.Listen(ExecAddress.ForShell("cat")).Dispose();
        ChannelFactory.Connect(ExecAddress.ForShell("cat")).Dispose();
        ChannelFactory.Listen(new TcpAddress("", "0")).Dispose();

        Assert.Equal(before, CountDescriptors());
    }

    private static void Use(string kind)
    {
        using var pair = new ChannelPair(kind);
        pair.Source.Write("x"u8);
        pair.Source.FinishWriting();
        Assert.Equal(1, pair.Destination.Read(new byte[2]));
    }

    private static int CountDescriptors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        // Sockets and pipes of other parts of the process come and go; ours are all of these kinds and must be back.
        return Directory.GetFiles("/proc/self/fd").Length;
    }
}
