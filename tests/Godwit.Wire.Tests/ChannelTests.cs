using Godwit.Native;

namespace Godwit.Wire.Tests;

public sealed class ChannelTests
{
    private const int Deadline = 20_000;

    [Theory]
    [MemberData(nameof(ChannelPair.AllKinds), MemberType = typeof(ChannelPair))]
    public void Transfer_MixedWrites_ArrivesWholeAndIsCounted(string kind)
    {
        const int Pages = 700;
        using var pair = new ChannelPair(kind);
        using var memory = HostMapping.AllocateAnonymous(Pages * 4096);
        new Random(1).NextBytes(memory.GetSpan(0, Pages * 4096));
        var expected = memory.GetSpan(0, Pages * 4096).ToArray();
        // Ranges of uneven sizes, some empty, so that partial writes end anywhere.
        var ranges = new List<HostRange>();
        for (long at = 0; at < expected.Length;)
        {
            var length = Math.Min(expected.Length - at, ranges.Count % 7 * 1500);
            ranges.Add(memory.GetRange(at, length));
            at += length;
        }

        using var received = new MemoryStream();
        var sender = new Thread(() =>
        {
            pair.Source.Write("head"u8);
            pair.Source.Write(ranges.ToArray());
            pair.Source.FinishWriting();
        });
        sender.Start();
        if (!ChannelPair.IsLive(kind))
            Assert.True(sender.Join(Deadline));
        var buffer = new byte[100_000];
        for (int count; (count = pair.Destination.Read(buffer)) > 0;)
            received.Write(buffer, 0, count);
        Assert.True(sender.Join(Deadline));

        byte[] whole = [.. "head"u8, .. expected];
        Assert.True(received.ToArray().AsSpan().SequenceEqual(whole), "the bytes differ");
        Assert.Equal(expected.Length + 4, pair.Source.BytesWritten);
        Assert.Equal(expected.Length + 4, pair.Destination.BytesRead);
    }

    [Theory]
    [MemberData(nameof(ChannelPair.LiveKinds), MemberType = typeof(ChannelPair))]
    public void Timeouts_PeerThatStalls_EndTheCallByName(string kind)
    {
        using var pair = new ChannelPair(kind);
        pair.Destination.ReadTimeout = TimeSpan.FromMilliseconds(50);
        pair.Source.WriteTimeout = TimeSpan.FromMilliseconds(50);
        pair.Source.Write("x"u8);
        Assert.Equal(1, pair.Destination.Read(new byte[10]));
        var error = Assert.Throws<ChannelException>(() => pair.Destination.Read(new byte[10]));
        Assert.EndsWith(": no byte for 0.05 s", error.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.ETIMEDOUT, error.Errno);
        error = Assert.Throws<ChannelException>(() => BlockingThread.WriteForever(pair.Source));
        Assert.EndsWith(": no byte for 0.05 s", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(ChannelPair.LiveKinds), MemberType = typeof(ChannelPair))]
    public void Shutdown_PeerNeverReads_WakesTheWriter(string kind)
    {
        using var pair = new ChannelPair(kind);
        _ = pair.Destination;
        var writer = new BlockingThread(() => BlockingThread.WriteForever(pair.Source));
        writer.WaitUntilAsleep();

        pair.Source.Shutdown();
        pair.Source.Shutdown();

        writer.Join();
        Assert.Equal(Errno.ESHUTDOWN, Assert.IsType<ChannelException>(writer.Error).Errno);
    }

    [Theory]
    [MemberData(nameof(ChannelPair.LiveKinds), MemberType = typeof(ChannelPair))]
    public void Shutdown_PeerNeverWrites_WakesTheReader(string kind)
    {
        using var pair = new ChannelPair(kind);
        var destination = pair.Destination;
        var reader = new BlockingThread(() => destination.Read(new byte[1]));
        reader.WaitUntilAsleep();

        destination.Fail(new InvalidOperationException("given up"));

        reader.Join();
        Assert.Equal("given up", Assert.IsType<ChannelException>(reader.Error).Message);
        Assert.IsType<InvalidOperationException>(destination.FirstError);
    }

    [Fact]
    public void Shutdown_CommandThatNeverReads_WakesTheWriter()
    {
        using var channel = ChannelFactory.Connect(ExecAddress.ForShell("exec sleep 1000"));
        var writer = new BlockingThread(() => BlockingThread.WriteForever(channel));
        writer.WaitUntilAsleep();

        channel.Shutdown();

        writer.Join();
        Assert.Equal(Errno.ESHUTDOWN, Assert.IsType<ChannelException>(writer.Error).Errno);
    }

    [Theory]
    [InlineData("tcp", "Unable to write to socket")]
    [InlineData("unix", "Unable to write to socket")]
    [InlineData("fd-pipe", "Unable to write to pipe")]
    public void Write_PeerGone_FailsWithTheErrnoAndStaysFailed(string kind, string text)
    {
        using var pair = new ChannelPair(kind);
        pair.Destination.Dispose();

        var first = Assert.Throws<ChannelException>(() => BlockingThread.WriteForever(pair.Source));
        var second = Assert.Throws<ChannelException>(() => pair.Source.Write("x"u8));

        Assert.Contains(first.Errno, new[] { Errno.EPIPE, Errno.ECONNRESET });
        Assert.StartsWith(text, first.Message, StringComparison.Ordinal);
        Assert.Same(first, pair.Source.FirstError);
        Assert.Equal(first.Message, second.Message);
        Assert.Equal(first.Errno, second.Errno);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public void Peek_BytesComeInPieces_WaitsAndTakesNothing(string kind)
    {
        using var pair = new ChannelPair(kind);
        var destination = pair.Destination;
        var seen = new byte[4];
        pair.Source.Write("QE"u8);
        var count = 0;
        var peeker = new BlockingThread(() => count = destination.Peek(seen));
        peeker.WaitUntilStarted();
        pair.Source.Write("VM!"u8);

        peeker.Join();
        Assert.Equal(4, count);
        Assert.Equal("QEVM"u8.ToArray(), seen);
        var read = new byte[5];
        new MigrationReader(destination).ReadExactly(read);
        Assert.Equal("QEVM!"u8.ToArray(), read);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public void Peek_StreamEndsBefore_GivesWhatIsThere(string kind)
    {
        using var pair = new ChannelPair(kind);
        pair.Source.Write("QE"u8);
        pair.Source.FinishWriting();

        Assert.Equal(2, pair.Destination.Peek(new byte[4]));
    }

    [Fact]
    public void Fail_SeveralCauses_TheFirstWins()
    {
        using var pair = new ChannelPair("unix");
        var first = new InvalidOperationException("first");

        pair.Source.Fail(first);
        pair.Source.Fail(new InvalidOperationException("second"));

        Assert.Same(first, pair.Source.FirstError);
        Assert.Same(first, Assert.Throws<ChannelException>(() => pair.Source.Read(new byte[1])).InnerException);
    }

    [Fact]
    public void Dispose_WhileReading_EndsTheRead()
    {
        using var pair = new ChannelPair("tcp");
        var destination = pair.Destination;
        var reader = new BlockingThread(() => destination.Read(new byte[1]));
        reader.WaitUntilAsleep();

        destination.Dispose();

        reader.Join();
        Assert.IsType<ChannelException>(reader.Error);
        Assert.Throws<ChannelException>(() => destination.Read(new byte[1]));
    }

    [Theory]
    [InlineData("tcp", true, true)]
    [InlineData("fd-socket", true, true)]
    [InlineData("fd-pipe", false, false)]
    [InlineData("exec", false, false)]
    [InlineData("file", false, false)]
    public void Traits_OfEachKind_AreTheTransports(string kind, bool returnPath, bool peek)
    {
        using var pair = new ChannelPair(kind);

        Assert.Equal(returnPath, pair.Source.HasReturnPath);
        Assert.Equal(peek, pair.Source.CanPeek);
        Assert.Equal(kind == "file", pair.Source.IsSeekable);
        if (kind != "file")
            Assert.Throws<NotSupportedException>(() => pair.Source.FilePosition);
    }
}
