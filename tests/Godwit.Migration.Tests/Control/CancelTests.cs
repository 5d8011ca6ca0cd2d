using Godwit.Wire;

namespace Godwit.Migration.Tests.Control;

public class CancelTests
{
    [Fact]
    public void Cancel_NothingRuns_NoEffect()
    {
        using var pair = new MigrationPair();

        pair.Source.Cancel();

        Assert.Equal(MigrationStatus.None, pair.Source.Status);
        Assert.Equal("", pair.SourceHost.Events);
    }

    [Fact]
    public void Cancel_ConnectHangs_EndsTheConnect()
    {
        using var pair = new MigrationPair();
        using var connecting = new ManualResetEventSlim();
        pair.Source.Start("a peer that does not answer", token =>
        {
            connecting.Set();
            token.WaitHandle.WaitOne();
            throw new OperationCanceledException(token);
        });
        Assert.True(connecting.Wait(MigrationPair.Deadline));

        pair.Source.Cancel();
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal("M:setup M:cancelling M:cancelled", pair.SourceHost.Events);
        Assert.Null(pair.Source.ErrorDescription);
        Assert.True(pair.SourceHost.IsRunning);
    }

    [Fact]
    public void Cancel_Active_GuestWasNeverStopped()
    {
        using var pair = new MigrationPair(ram: new FakeRam(converges: false));
        pair.Start();
        Eventually.Reaches(pair.Source, MigrationStatus.Active);

        pair.Source.Cancel();
        pair.WaitForBoth();

        Assert.Equal("M:setup M:active M:cancelling M:cancelled", pair.SourceHost.Events);
        Assert.Equal("M:setup M:active M:failed", pair.DestinationHost.Events);
        Assert.Equal(1, pair.SourceHost.FakeRam.Cleanups);
    }

    [Fact]
    public void Cancel_PreSwitchover_GuestResumesBeforeCancelled()
    {
        using var pair = new MigrationPair();
        pair.SourceSettings.SetCapabilities([KeyValuePair.Create("pause-before-switchover", true)]);
        pair.Start();
        Eventually.Reaches(pair.Source, MigrationStatus.PreSwitchover);

        pair.Source.Cancel();
        pair.WaitForBoth();

        Assert.Equal("M:setup M:active STOP M:pre-switchover M:cancelling RESUME M:cancelled", pair.SourceHost.Events);
        Assert.Equal(MigrationStatus.Failed, pair.Destination.Status);
    }

    [Fact]
    public void Cancel_Device_GuestResumes()
    {
        using var inEnd = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var ram = new FakeRam
        {
            Completing = () =>
            {
                inEnd.Set();
                goOn.Wait(MigrationPair.Deadline);
            },
        };
        using var pair = new MigrationPair(ram: ram);
        pair.Start();
        Assert.True(inEnd.Wait(MigrationPair.Deadline));

        pair.Source.Cancel();
        goOn.Set();
        pair.WaitForBoth();

        Assert.Equal("M:setup M:active STOP M:device M:cancelling RESUME M:cancelled", pair.SourceHost.Events);
        Assert.False(pair.DestinationHost.IsRunning);
    }

    [Fact]
    public void Cancel_PeerNeverReads_Ends()
    {
        using var pair = new MigrationPair(ram: new FakeRam(converges: false), capacityBytes: 512);
        pair.Source.Start("a peer that never reads", _ => pair.SourceEnd);
        Eventually.Holds(() => pair.DestinationEnd.UnreadBytes == 512, "the channel is full");

        pair.Source.Cancel();
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal(MigrationStatus.Cancelled, pair.Source.Status);
        Assert.True(pair.SourceHost.IsRunning);
    }

    [Fact]
    public void Cancel_WaitingForTheAnswer_UndecidedAndStopped()
    {
        using var pair = new MigrationPair(capacityBytes: 64 * 1024);

        // A peer that reads everything and never answers.
        pair.Source.Start("a silent peer", _ => pair.SourceEnd);
        using var drained = new ManualResetEventSlim();
        var drain = new Thread(() => Drain(pair.DestinationEnd, drained)) { IsBackground = true };
        drain.Start();
        Assert.True(drained.Wait(MigrationPair.Deadline));

        pair.Source.Cancel();
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));
        drain.Join();

        Assert.Equal("M:setup M:active STOP M:device M:failed", pair.SourceHost.Events);
        Assert.True(pair.Source.IsUndecided);
        Assert.Equal(RunState.PostMigrate, pair.SourceHost.RunState);
        Assert.Contains("may run the guest", pair.Source.ErrorDescription, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancel_AfterCompletion_NoEffect()
    {
        using var pair = new MigrationPair();
        pair.Start();
        pair.WaitForBoth();

        pair.Source.Cancel();

        Assert.Equal(MigrationStatus.Completed, pair.Source.Status);
    }

    /// <summary>Reads to the closing bracket of the description, which ends the stream.</summary>
    private static void Drain(Channel channel, ManualResetEventSlim drained)
    {
        var buffer = new byte[64 * 1024];
        var all = new List<byte>();
        try
        {
            int count;
            while ((count = channel.Read(buffer)) > 0)
            {
                all.AddRange(buffer.AsSpan(0, count));
                if (all.Count > 200 && all[^1] == (byte)'}' && all[^2] == (byte)']')
                    drained.Set();
            }
        }
        catch (ChannelException)
        {
            // The source has given up.
        }
    }
}
