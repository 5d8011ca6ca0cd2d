using System.Runtime.Versioning;
using Godwit.Native;

namespace Godwit.Wire.Tests;

[SupportedOSPlatform("linux")]
public sealed class ChannelFactoryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-factory-").FullName;

    public static TheoryData<string, string> Refusals => new()
    {
        { "tcp:127.0.0.1:1", "Failed to connect to '127.0.0.1:1': Connection refused" },
        { "tcp:no.such.host.invalid:4444", "address resolution failed for no.such.host.invalid:4444: Name or service not known" },
        { "unix:/nonexistent/none.sock", "Failed to connect to '/nonexistent/none.sock': No such file or directory" },
        { "fd:nofd", "File descriptor named 'nofd' has not been found" },
        { "file:/nonexistent/f", "Could not create '/nonexistent/f': No such file or directory" },
        { "file:", "Could not create '': No such file or directory" },
        { "file:a\0b", "Could not create 'a\0b': Invalid argument" },
        { "file:/dev/fdset/9", "Could not create '/dev/fdset/9': No such file or directory" },
    };

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Connect_NotPossible_FailsWithTheFieldsText(string uri, string text)
    {
        var e = Assert.Throws<ChannelException>(() => ChannelFactory.Connect(MigrationAddress.ParseUri(uri)));

        // Without a network the resolver's own text differs.
        Assert.StartsWith(text.Replace("Name or service not known", "", StringComparison.Ordinal), e.Message, StringComparison.Ordinal);
        Assert.Equal(uri, e.Channel);
    }

    [Fact]
    public void Connect_UnknownProgram_FailsWithTheFieldsText()
        => Assert.Equal(
            "Failed to execute child process “/nonexist/prog” (No such file or directory)",
            Assert.Throws<ChannelException>(() => ChannelFactory.Connect(new ExecAddress(["/nonexist/prog"]))).Message);

    [Fact]
    public void Connect_UnixPathTooLong_IsRefused()
    {
        var e = Assert.Throws<ChannelException>(() => ChannelFactory.Connect(new UnixAddress("/" + new string('x', 107))));

        Assert.Equal(Errno.EINVAL, e.Errno);
    }

    [Fact]
    public void Listen_NoSuchFile_FailsWithTheFieldsText()
        => Assert.Equal(
            "Could not open '/nonexist': No such file or directory",
            Assert.Throws<ChannelException>(() => ChannelFactory.Listen(MigrationAddress.ParseUri("file:/nonexist"))).Message);

    [Theory]
    [InlineData("tcp:192.0.2.1:1", "Failed to bind socket: Cannot assign requested address")]
    [InlineData("tcp:a:0,ipv4=off,ipv6=off", "Cannot disable IPv4 and IPv6 at same time")]
    [InlineData("unix:/nonexistent/s", "Failed to bind socket to /nonexistent/s: No such file or directory")]
    [InlineData("fd:nofd", "File descriptor named 'nofd' has not been found")]
    public void Listen_NotPossible_FailsWithTheFieldsText(string uri, string text)
        => Assert.Equal(text, Assert.Throws<ChannelException>(() => ChannelFactory.Listen(MigrationAddress.ParseUri(uri))).Message);

    [Fact]
    public void Connect_FdIsANonBlockingSocket_WaitsAllTheSame()
    {
        var (first, second) = Sockets.CreatePair();
        using var peer = second;
        first.SetNonBlocking(true);
        using var channel = ChannelFactory.Connect(new FdAddress("s"), new FdStore { ["s"] = first });
        var count = 0;
        var reader = new BlockingThread(() => count = channel.Read(new byte[4]));
        reader.WaitUntilAsleep();

        Assert.Equal(1, Sockets.Send(peer, "x"u8));

        reader.Join();
        Assert.Equal(1, count);
    }

    [Fact]
    public void Listen_PortTaken_IsRefusedAndToFindsTheNext()
    {
        using var first = ChannelFactory.Listen(new TcpAddress("127.0.0.1", "0"));
        var taken = (TcpAddress)first.LocalAddress;

        var e = Assert.Throws<ChannelException>(() => ChannelFactory.Listen(new TcpAddress("127.0.0.1", taken.Port)));
        using var second = ChannelFactory.Listen(new TcpAddress("127.0.0.1", taken.Port) { To = ushort.MaxValue });

        Assert.Equal(Errno.EADDRINUSE, e.Errno);
        Assert.Equal("Failed to find an available port: Address already in use", e.Message);
        Assert.NotEqual(taken.Port, ((TcpAddress)second.LocalAddress).Port);
    }

    [Fact]
    public void Listen_EmptyHost_TakesBothFamilies()
    {
        using var listener = ChannelFactory.Listen(new TcpAddress("", "0"), backlog: 2);
        var port = ((TcpAddress)listener.LocalAddress).Port;

        foreach (var host in new[] { "127.0.0.1", "::1" })
        {
            using var source = ChannelFactory.Connect(new TcpAddress(host, port));
            using var destination = listener.Accept();
            source.Write("x"u8);
            Assert.Equal(1, destination.Read(new byte[1]));
        }
    }

    [Fact]
    public void Listen_UnixPathLeftBehind_ReplacesItAndRemovesItAtTheEnd()
    {
        var path = Path.Combine(_directory, "s");
        var endpoint = SocketEndpoint.Unix(path);
        Assert.Equal(0, Sockets.Listen(endpoint, 1, false, false, out _, out var stale));
        stale!.Dispose();
        Assert.True(File.Exists(path));

        using (var listener = ChannelFactory.Listen(new UnixAddress(path)))
        using (ChannelFactory.Connect(listener.LocalAddress))
        using (listener.Accept())
        {
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Listen_UnixPathIsAFile_IsRefusedAndTheFileStays()
    {
        var path = Path.Combine(_directory, "f");
        File.WriteAllText(path, "precious");

        Assert.Throws<ChannelException>(() => ChannelFactory.Listen(new UnixAddress(path)));
        Assert.Equal("precious", File.ReadAllText(path));
    }

    [Fact]
    public void Listen_AbstractUnix_Connects()
    {
        var address = new UnixAddress($"godwit-{Guid.NewGuid():N}", IsAbstract: true);
        using var listener = ChannelFactory.Listen(address);
        using var source = ChannelFactory.Connect(address);
        using var destination = listener.Accept();
        source.Write("x"u8);

        Assert.Equal(1, destination.Read(new byte[1]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Accept_NobodyComes_EndsByTokenOrDispose(bool byToken)
    {
        using var listener = ChannelFactory.Listen(new TcpAddress("127.0.0.1", "0"));
        using var cancel = new CancellationTokenSource();
        var thread = new BlockingThread(() => listener.Accept(cancel.Token));
        thread.WaitUntilAsleep();

        if (byToken)
            cancel.Cancel();
        else
            listener.Dispose();

        thread.Join();
        Assert.IsAssignableFrom<OperationCanceledException>(thread.Error);
    }

    [Fact]
    public void Accept_Disposed_IsAnEndedWait()
    {
        var listener = ChannelFactory.Listen(new TcpAddress("127.0.0.1", "0"));
        listener.Dispose();
        listener.Dispose();
        Assert.Throws<OperationCanceledException>(() => listener.Accept());
    }

    [Fact]
    public void Dispose_WhileOthersBeginToAccept_EndsAllOfThem()
    {
        for (var round = 0; round < 50; round++)
        {
            using var listener = ChannelFactory.Listen(new TcpAddress("127.0.0.1", "0"));
            using var start = new Barrier(4);
            var threads = Enumerable.Range(0, 3).Select(_ => new BlockingThread(() =>
            {
                start.SignalAndWait();
                listener.Accept();
            })).ToArray();
            start.SignalAndWait();
            listener.Dispose();
            foreach (var thread in threads)
            {
                thread.Join();
                Assert.IsAssignableFrom<OperationCanceledException>(thread.Error);
            }
        }
    }

    [Fact]
    public void Connect_Cancelled_Ends()
    {
        var address = new UnixAddress($"godwit-{Guid.NewGuid():N}", IsAbstract: true);
        using var listener = ChannelFactory.Listen(address, backlog: 1);
        using var cancel = new CancellationTokenSource();
        using var one = ChannelFactory.Connect(address);
        var channels = new List<Channel>();
        var thread = new BlockingThread(() => ConnectForever(address, channels, cancel.Token));
        thread.WaitUntilAsleep();

        cancel.Cancel();

        thread.Join();
        Assert.IsAssignableFrom<OperationCanceledException>(thread.Error);
        channels.ForEach(c => c.Dispose());
    }

    [Fact]
    public void File_Offset_KeepsWhatIsBeforeAndDropsWhatIsAfter()
    {
        var path = Path.Combine(_directory, "f");
        File.WriteAllText(path, "0123456789");

        using (var channel = ChannelFactory.Connect(new FileAddress(path, 4)))
        {
            channel.Write("ab"u8);
            channel.FinishWriting();
        }

        Assert.Equal("0123ab", File.ReadAllText(path));
    }

    [Fact]
    public void File_ExistsAndIsNotFinished_KeepsOnlyWhatIsBeforeTheOffset()
    {
        var path = Path.Combine(_directory, "f");
        File.WriteAllText(path, "0123456789");

        using (var channel = ChannelFactory.Connect(new FileAddress(path, 4)))
        {
            channel.Write("ab"u8);
            channel.Shutdown();
        }

        Assert.Equal("0123", File.ReadAllText(path));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void File_New_HasItsNameOnlyWhenItIsFinished(int offset)
    {
        var path = Path.Combine(_directory, "f");
        var address = new FileAddress(path, offset);
        using (var channel = ChannelFactory.Connect(address))
        {
            channel.Write("ab"u8);
            Assert.False(File.Exists(path));
        }

        Assert.Empty(Directory.GetFiles(_directory));
        using (var channel = ChannelFactory.Connect(address))
        {
            channel.Write("ab"u8);
            using (var more = ChannelFactory.OpenAdditional(address, main: channel))
            using (var memory = HostMapping.AllocateAnonymous(4096))
                more.WriteAt(offset + 2, [memory.GetRange(0, 1)]);
            channel.FinishWriting();
            Assert.Equal([path], Directory.GetFiles(_directory));
        }

        Assert.Equal(new string('\0', offset) + "ab\0", File.ReadAllText(path));
    }

    [Fact]
    public void File_ShutDown_IsGoneAtOnceAndCannotBeFinished()
    {
        var path = Path.Combine(_directory, "f");
        using var channel = ChannelFactory.Connect(new FileAddress(path));
        channel.Write("ab"u8);

        channel.Shutdown();

        Assert.Empty(Directory.GetFiles(_directory));
        Assert.Throws<ChannelException>(channel.FinishWriting);
        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public void File_TwoSavesToOneNewPath_DoNotComeIntoOneAnother()
    {
        var address = new FileAddress(Path.Combine(_directory, "f"));
        File.WriteAllText(address.Path + ".partial", "somebody's own");
        using (var first = ChannelFactory.Connect(address))
        using (var second = ChannelFactory.Connect(address))
        {
            first.Write("first"u8);
            second.Write("other"u8);
            first.FinishWriting();
            second.Write("2"u8);
            Assert.Equal("first", File.ReadAllText(address.Path));
            second.FinishWriting();
        }

        Assert.Equal("other2", File.ReadAllText(address.Path));
        Assert.Equal("somebody's own", File.ReadAllText(address.Path + ".partial"));
        Assert.Equal(2, Directory.GetFiles(_directory).Length);
    }

    [Fact]
    public void File_LinkThatLeadsNowhere_IsWrittenWhereItLeads()
    {
        var path = Path.Combine(_directory, "f");
        File.CreateSymbolicLink(path, "target");
        using (var channel = ChannelFactory.Connect(new FileAddress(path)))
        {
            channel.Write("ab"u8);
            channel.FinishWriting();
        }

        Assert.Equal("ab", File.ReadAllText(Path.Combine(_directory, "target")));
        Assert.NotNull(new FileInfo(path).LinkTarget);
    }

    [Fact]
    public void File_OffsetBeyondTheEnd_FillsWithZeros()
    {
        var path = Path.Combine(_directory, "f");

        using (var channel = ChannelFactory.Connect(new FileAddress(path, 3)))
        {
            Assert.Equal(3, channel.FilePosition);
            channel.Write("ab"u8);
            channel.FinishWriting();
        }

        Assert.Equal("\0\0\0ab", File.ReadAllText(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        using var listener = ChannelFactory.Listen(new FileAddress(path, 3));
        using var first = listener.Accept();
        using var second = listener.Accept();
        var buffer = new byte[10];
        Assert.Equal(2, first.Read(buffer));
        Assert.Equal(2, second.Read(buffer));
        Assert.Equal("ab"u8.ToArray(), buffer[..2]);
    }

    [Fact]
    public void File_PositionedTransfers_GoBesideTheStream()
    {
        using var memory = HostMapping.AllocateAnonymous(4096);
        "pages"u8.CopyTo(memory.GetSpan(0, 5));
        var address = new FileAddress(Path.Combine(_directory, "f"));
        using (var channel = ChannelFactory.Connect(address))
        {
            channel.Write("head"u8);
            channel.WriteAt(100, [memory.GetRange(0, 2), memory.GetRange(2, 3)]);
            channel.Write("tail"u8);
            using var additional = ChannelFactory.OpenAdditional(address, main: channel);
            additional.WriteAt(200, [memory.GetRange(0, 5)]);
            channel.FinishWriting();
        }

        using var listener = ChannelFactory.Listen(address);
        using var reading = listener.Accept();
        var reader = new MigrationReader(reading);
        var head = new byte[8];
        reader.ReadExactly(head);
        Assert.Equal("headtail"u8.ToArray(), head);
        foreach (var offset in new[] { 100, 200 })
        {
            Assert.Equal(5, reading.ReadAt(offset, memory.GetRange(64, 5)));
            Assert.Equal("pages"u8.ToArray(), memory.GetSpan(64, 5).ToArray());
        }

        Assert.Equal(5, reading.ReadAt(200, memory.GetRange(64, 50)));
        Assert.Equal(8, reader.FilePosition);
        reader.FilePosition = 201;
        Assert.Equal((byte)'a', reader.ReadByte());
        Assert.Equal(202, reader.Position);
    }

    [Fact]
    public void File_FdSet_IsTakenFromTheResolver()
    {
        var path = Path.Combine(_directory, "f");
        using var file = FileDescriptor.OpenWrite(path);
        var store = new FdStore { ["set3"] = file };

        using (var channel = ChannelFactory.Connect(new FileAddress("/dev/fdset/3"), store))
        {
            channel.Write("x"u8);
            channel.FinishWriting();
        }

        Assert.Equal("x", File.ReadAllText(path));
    }

    [Fact]
    public void Write_DeviceFull_FailsWithTheErrno()
    {
        var store = new FdStore { ["full"] = FileDescriptor.OpenWrite("/dev/full") };
        using var channel = ChannelFactory.Connect(new FdAddress("full"), store);

        var e = Assert.Throws<ChannelException>(() => channel.Write("x"u8));

        Assert.Equal(Errno.ENOSPC, e.Errno);
        Assert.Equal("Unable to write to file: No space left on device", e.Message);
        Assert.Equal("fd:full", e.Channel);
    }

    [Fact]
    public void Exec_CommandFails_SaysItsStatus()
    {
        using var writing = ChannelFactory.Connect(ExecAddress.ForShell("exit 3"));
        var write = Assert.Throws<ChannelException>(() => BlockingThread.WriteForever(writing));
        using var finishing = ChannelFactory.Connect(ExecAddress.ForShell("cat > /dev/null; exit 4"));
        finishing.Write("x"u8);
        var finish = Assert.Throws<ChannelException>(finishing.FinishWriting);
        using var listener = ChannelFactory.Listen(ExecAddress.ForShell("echo x; exit 5"));
        using var reading = listener.Accept();
        var read = Assert.Throws<ChannelException>(() =>
        {
            while (reading.Read(new byte[10]) > 0)
            {
            }
        });

        Assert.Equal("Unable to write to command: Broken pipe (command exited with status 3)", write.Message);
        Assert.Equal(Errno.EPIPE, write.Errno);
        Assert.Equal("The command exited with status 4", finish.Message);
        Assert.Equal("Unable to read from command: command exited with status 5", read.Message);
    }

    [Fact]
    public void Exec_SecondAccept_IsRefused()
    {
        using var listener = ChannelFactory.Listen(ExecAddress.ForShell("true"));
        using var channel = listener.Accept();

        Assert.Throws<ChannelException>(() => listener.Accept());
    }

    private static void ConnectForever(MigrationAddress address, List<Channel> channels, CancellationToken cancellationToken)
    {
        while (true)
            channels.Add(ChannelFactory.Connect(address, cancellationToken: cancellationToken));
    }
}
