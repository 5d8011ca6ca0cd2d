using Godwit.Testing;

namespace Godwit.Migration.Tests.Control;

/// <summary>The link is cut everywhere: there are never two running guests, and never none without a clear state.</summary>
public class HandOverTests
{
    private const int PongBytes = 8;
    private const int AnswerBytes = 16;

    public static TheoryData<bool, RunState> Kinds => new()
    {
        { true, RunState.Running },
        { false, RunState.Running },
        { true, RunState.Paused },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Cut_AfterEveryByteOfTheStream_OneOwnerOrAClearState(bool returnPath, RunState sourceState)
    {
        // Inside the description's text one place is like another.
        var (length, eof) = MeasureStream(returnPath, sourceState);
        for (long cut = 0; cut < length; cut += cut > eof + 20 ? 23 : 1)
        {
            using var pair = new MigrationPair(returnPath, sourceState: sourceState);

            pair.Start(source: new FlakyChannel(pair.SourceEnd, cutAfterBytesWritten: cut));
            pair.WaitForBoth();

            pair.AssertNeverTwo();
            if (cut > eof && pair.Source.Status == MigrationStatus.Completed)
            {
                // Only the description was cut, and the answer still came through.
                Assert.Equal(MigrationStatus.Completed, pair.Destination.Status);
                continue;
            }

            Assert.True(pair.Source.Status == MigrationStatus.Failed, $"cut at {cut}: source {pair.Source.Status}");
            Assert.NotNull(pair.Source.ErrorDescription);
            if (cut <= eof)
            {
                // The destination cannot have everything: a clear failure, the guest goes on here.
                Assert.False(pair.Source.IsUndecided, $"cut at {cut}");
                Assert.Equal(sourceState, pair.SourceHost.RunState);
                Assert.Equal(MigrationStatus.Failed, pair.Destination.Status);
                Assert.StartsWith("load of migration failed: ", pair.Destination.ErrorDescription, StringComparison.Ordinal);
            }
            else
            {
                Assert.True(pair.Source.IsUndecided, $"cut at {cut}");
                Assert.Equal(RunState.PostMigrate, pair.SourceHost.RunState);
                Assert.Contains("may run the guest", pair.Source.ErrorDescription, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Cut_AfterEveryByteOfTheAnswer_AtTheSource_NeverTwo()
    {
        for (var cut = 0; cut < AnswerBytes; cut++)
        {
            using var pair = new MigrationPair();

            pair.Start(source: new FlakyChannel(pair.SourceEnd, cutAfterBytesRead: cut));
            pair.WaitForBoth();

            pair.AssertNeverTwo();
            Assert.Equal(MigrationStatus.Failed, pair.Source.Status);

            // SHUT was on its way when the link broke: the destination owns the guest, the source does not know it and stays stopped.
            if (pair.DestinationHost.IsRunning)
                Assert.True(pair.Source.IsUndecided);
        }
    }

    [Fact]
    public void Cut_AfterEveryByteOfTheAnswer_AtTheDestination_NobodyIsLost()
    {
        for (var cut = 0; cut < AnswerBytes; cut++)
        {
            using var pair = new MigrationPair();

            pair.Start(destination: new FlakyChannel(pair.DestinationEnd, cutAfterBytesWritten: cut));
            pair.WaitForBoth();

            pair.AssertNeverTwo();
            Assert.Equal(MigrationStatus.Failed, pair.Source.Status);
            Assert.Equal(MigrationStatus.Failed, pair.Destination.Status);
            Assert.False(pair.DestinationHost.IsRunning);
            if (cut >= PongBytes)
            {
                // Everything was loaded and the answer could not leave.
                Assert.Equal(RunState.Paused, pair.DestinationHost.RunState);
                Assert.Contains("could not be told", pair.Destination.ErrorDescription, StringComparison.Ordinal);
                Assert.True(pair.Source.IsUndecided);
            }
        }
    }

    [Fact]
    public void Answer_Shut1_SourceRunsOnAlthoughAllWasSent()
    {
        using var pair = new MigrationPair();
        pair.DestinationHost.Registry.Unregister(pair.DestinationHost.Registry.Entries[^1]);

        pair.Start();
        pair.WaitForBoth();

        Assert.Equal("Sibling indicated error 1", pair.Source.ErrorDescription);
        Assert.EndsWith("M:failed RESUME", pair.SourceHost.Events, StringComparison.Ordinal);
        Assert.Equal(MigrationStatus.Failed, pair.Destination.Status);
        Assert.Contains("globalstate", pair.Destination.ErrorDescription, StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_GuestCannotBeStartedThere_SourceIsDoneAndTheReasonIsThere()
    {
        using var pair = new MigrationPair();
        pair.DestinationHost.StartFailure = new InvalidOperationException("no vCPU thread");

        pair.Start();
        pair.WaitForBoth();

        Assert.Equal(MigrationStatus.Completed, pair.Source.Status);
        Assert.Equal(MigrationStatus.Failed, pair.Destination.Status);
        Assert.Equal("The guest was loaded, but could not be started: no vCPU thread", pair.Destination.ErrorDescription);
        Assert.Equal(RunState.Paused, pair.DestinationHost.RunState);
    }

    [Fact]
    public void Failed_ThenAgain_SecondMigrationCompletes()
    {
        using var first = new MigrationPair();
        first.Start(source: new FlakyChannel(first.SourceEnd, cutAfterBytesWritten: 100));
        first.WaitForBoth();
        Assert.True(first.SourceHost.IsRunning);

        using var destinationHost = new FakeHost(RunState.InMigrate);
        using var destination = new IncomingMigration(destinationHost, new MigrationSettings(), destinationHost);
        var (near, far) = MemoryChannel.CreatePair();
        destination.Listen(_ => far);
        first.Source.Start("again", _ => near);
        Assert.True(first.Source.WaitForEnd(MigrationPair.Deadline));
        Assert.True(destination.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal(MigrationStatus.Completed, first.Source.Status);
        Assert.True(destinationHost.IsRunning);
        Assert.False(first.SourceHost.IsRunning);
    }

    private static (long Length, long Eof) MeasureStream(bool returnPath, RunState sourceState)
    {
        using var pair = new MigrationPair(returnPath, sourceState: sourceState);
        pair.Start();
        pair.WaitForBoth();
        Assert.Equal(MigrationStatus.Completed, pair.Source.Status);
        var length = pair.SourceEnd.BytesWritten;

        // The description is the last element: type, length, text; the byte before it ends the sections.
        var description = pair.SourceEnd.BytesWritten - DescriptionBytes(returnPath, sourceState);
        return (length, description - 1);
    }

    private static long DescriptionBytes(bool returnPath, RunState sourceState)
    {
        using var pair = new MigrationPair(returnPath, sourceState: sourceState);
        var copy = new RecordingChannel(pair.SourceEnd);
        pair.Start(source: copy);
        pair.WaitForBoth();
        var text = System.Text.Encoding.Latin1.GetString(copy.Written);
        return text.Length - text.LastIndexOf("{\"configuration\"", StringComparison.Ordinal) + 5;
    }
}
