using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Control;

/// <summary>What a source does with each kind of return path message, sensible or not.</summary>
public class ReturnPathTests
{
    private const string FakeRamName = "0866616b652e72616d";

    public static TheoryData<string, string> FatalMessages => new()
    {
        { "0001000400000001", "Sibling indicated error 1" },
        { "00010004ffffffff", "Sibling indicated error 4294967295" },
        { "00000000", "unknown return path message" },
        { "00080000", "unknown return path message" },
        { "ffff0000", "unknown return path message" },
        { "0002000800000001", "PONG has a bad length" },
        { "00010003000000", "SHUT has a bad length" },
        { "00070001ff", "SWITCHOVER_ACK has a bad length" },
        { "00030201", "REQ_PAGES_ID has a bad length" },
        { "0003000c000000000000000000001000", "REQ_PAGES_ID has a bad length" },
        { "0003000e00000000000000000000100005ff", "REQ_PAGES_ID has a bad length" },
        { "0004000c000000000000000000001000", "Page request without a block" },
        { "0003000e00000000000000000000100001" + "78", "unknown block 'x'" },
        { "00030015" + "0000000000000001" + "00001000" + FakeRamName[..18], "Misaligned page request" },
        { "00030015" + "0000000000000000" + "00000800" + FakeRamName[..18], "Misaligned page request" },
        { "00030015" + "0000000000040000" + "00001000" + FakeRamName[..18], "past the end" },
        { "00030015" + "fffffffffffff000" + "00001000" + FakeRamName[..18], "past the end" },
        { "0005000201" + "78", "Reload bitmap in incorrect state" },
        { "00050000", "RECV_BITMAP has a bad length" },
        { "0006000400000002", "resume ACK" },
    };

    public static TheoryData<string> HarmlessMessages => new()
    {
        "",
        "0002000400000001",
        "0002000400001234",
        "0006000400000001",
        "00070000",
        "00030015" + "0000000000001000" + "00001000" + FakeRamName + "0004000c" + "0000000000002000" + "00001000",
    };

    [Theory]
    [MemberData(nameof(FatalMessages))]
    public void Message_MakesNoSense_FailsWithTheReasonAndGuestRunsOn(string hex, string reason)
    {
        using var pair = new MigrationPair(ram: new FakeRam(converges: false));
        pair.Source.Start("a peer that talks nonsense", _ => pair.SourceEnd);
        Eventually.Reaches(pair.Source, MigrationStatus.Active);

        pair.DestinationEnd.Write(Convert.FromHexString(hex));
        using var drain = new Drain(pair.DestinationEnd);
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal(MigrationStatus.Failed, pair.Source.Status);
        Assert.Contains(reason, pair.Source.ErrorDescription, StringComparison.Ordinal);
        Assert.True(pair.SourceHost.IsRunning);
    }

    [Theory]
    [MemberData(nameof(HarmlessMessages))]
    public void Message_HarmlessAndThenShut_Completes(string hex)
    {
        using var pair = new MigrationPair();
        pair.DestinationEnd.Write(Convert.FromHexString(hex + "0001000400000000"));

        pair.Source.Start("a peer that answers early", _ => pair.SourceEnd);
        using var drain = new Drain(pair.DestinationEnd);
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));

        // SHUT 0 before the end ends the listening, not the migration.
        Assert.Equal(MigrationStatus.Completed, pair.Source.Status);
        Assert.Equal(0, pair.Source.Statistics.DowntimeMilliseconds); // the answer was there before the guest stopped
    }

    [Fact]
    public void PageRequests_InPrecopy_AreCounted()
    {
        using var pair = new MigrationPair();
        pair.DestinationEnd.Write(Convert.FromHexString(
            "00030015" + "0000000000001000" + "00001000" + FakeRamName + "0004000c" + "0000000000002000" + "00001000" + "0001000400000000"));

        pair.Source.Start("a peer that asks", _ => pair.SourceEnd);
        using var drain = new Drain(pair.DestinationEnd);
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal(2, pair.Source.Statistics.PostcopyRequests);
    }

    [Fact]
    public void Channel_ClosedBeforeShut_Fails()
    {
        using var pair = new MigrationPair(ram: new FakeRam(converges: false));
        pair.Source.Start("a peer that leaves", _ => pair.SourceEnd);
        Eventually.Reaches(pair.Source, MigrationStatus.Active);

        pair.DestinationEnd.FinishWriting();
        using var drain = new Drain(pair.DestinationEnd);
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal("Channel error: Input/output error", pair.Source.ErrorDescription);
        Assert.True(pair.SourceHost.IsRunning);
    }

    [Theory]
    [InlineData("11.1", "underflowed")]
    [InlineData("7.2", "unknown return path message")]
    public void SwitchoverAck_PeerFollowsAnotherRule_Fails(string profile, string reason)
    {
        using var host = new FakeHost(RunState.Running, new FakeRam(converges: false));
        var settings = new MigrationSettings();
        settings.SetCapabilities([KeyValuePair.Create("return-path", true)]);
        using var source = new OutgoingMigration(
            host, settings, host, new OutgoingMigrationOptions { Profile = VmState.PeerProfile.Find(profile)! });
        var (near, far) = MemoryChannel.CreatePair();
        source.Start("memory", _ => near);
        far.Write(Convert.FromHexString("00070000"));
        using var drain = new Drain(far);

        Assert.True(source.WaitForEnd(MigrationPair.Deadline));

        Assert.Contains(reason, source.ErrorDescription, StringComparison.Ordinal);
    }

    /// <summary>Reads and forgets, so that the source is never held up.</summary>
    private sealed class Drain : IDisposable
    {
        private readonly Channel _channel;
        private readonly Thread _thread;

        public Drain(Channel channel)
        {
            _channel = channel;
            _thread = new Thread(Run) { IsBackground = true };
            _thread.Start();
        }

        public void Dispose()
        {
            _channel.Shutdown();
            _thread.Join();
        }

        private void Run()
        {
            var buffer = new byte[4096];
            try
            {
                while (_channel.Read(buffer) > 0)
                {
                    // Forgotten.
                }
            }
            catch (ChannelException)
            {
                // The end.
            }
        }
    }
}
