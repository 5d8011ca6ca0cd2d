using System.Net;
using System.Net.Sockets;
using Godwit.Migration;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Vmm.Tests.Drills;

/// <summary>A cancel in each state: cancelled, the guest runs on, the next migration works.</summary>
public sealed class CancelTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public void Cancel_ConnectingToAPeerThatNeverAnswers_EndsTheConnect(string transport)
    {
        using TestMachine source = Drill.StartSource();
        using Socket full = transport == "tcp"
            ? new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            : new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        string path = _directory.File("full");
        full.Bind(transport == "tcp" ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(path));
        full.Listen(0);
        using var waiting = new BacklogFiller(full.LocalEndPoint!);
        string uri = full.LocalEndPoint is IPEndPoint tcp ? $"tcp:127.0.0.1:{tcp.Port}" : $"unix:{path}";

        source.Vm.Outgoing.Start(MigrationAddress.ParseUri(uri));
        source.WaitForStatus(MigrationStatus.Setup);
        Drill.AssertRunsOn(source);
        Assert.Equal(MigrationStatus.Setup, source.Vm.Outgoing.Status);

        AssertCancels(source, "M:setup M:cancelling M:cancelled");
    }

    [Fact]
    public void Cancel_Active_GuestWasNeverStopped()
    {
        using TestMachine source = Drill.StartSource();
        using TestMachine target = Drill.StartTarget();
        Drill.SetParameter(source, "max-bandwidth", 200_000);
        Drill.Connect(source, target);
        source.WaitForStatus(MigrationStatus.Active);
        TestMachine.WaitFor(() => source.Vm.Outgoing.Statistics.TransferredBytes > 50_000, "some bytes");

        AssertCancels(source, "M:setup P M:active M:cancelling M:cancelled");
        AssertLoadFailed(target);
    }

    /// <summary>The writer is stuck in a system call; the command is not left behind.</summary>
    [Theory]
    [InlineData("unix")]
    [InlineData("exec")]
    public void Cancel_ActiveWithAPeerThatNeverReads_EndsTheWrite(string transport)
    {
        // More than a pipe or socket can hold.
        using TestMachine source = Drill.StartSource(options => options with { Staircase = options.Staircase! with { WorkingSetPages = 512 } });
        using IChannelListener? listener =
            transport == "unix" ? ChannelFactory.Listen(MigrationAddress.ParseUri($"unix:{_directory.File("s")}")) : null;
        string pidFile = _directory.File("pid");
        source.Vm.Outgoing.Start(listener?.LocalAddress ?? MigrationAddress.ParseUri($"exec:echo $$ > {pidFile}; exec sleep 600"));
        source.WaitForStatus(MigrationStatus.Active);
        long sent = -1;
        TestMachine.WaitFor(
            () =>
            {
                Drill.AssertRunsOn(source);
                long before = sent;
                sent = source.Vm.Outgoing.Statistics.TransferredBytes;
                return before == sent && sent > 0 && (listener is not null || File.Exists(pidFile));
            },
            "the peer's buffers are full");

        AssertCancels(source, null);
        if (listener is null)
        {
            string process = $"/proc/{File.ReadAllText(pidFile).Trim()}";
            TestMachine.WaitFor(() => !Directory.Exists(process), "the command has ended");
        }
    }

    [Fact]
    public void Cancel_PreSwitchover_GuestResumesFirst()
    {
        using TestMachine source = Drill.StartSource();
        using TestMachine target = Drill.StartTarget();
        Drill.SetCapability(source, "pause-before-switchover");
        Drill.Connect(source, target);
        source.WaitForStatus(MigrationStatus.PreSwitchover);

        AssertCancels(source, "M:setup P M:active STOP M:pre-switchover M:cancelling RESUME M:cancelled");
        AssertLoadFailed(target);
    }

    [Fact]
    public void Cancel_DeviceWithAPeerThatStoppedReading_GuestResumesFirst()
    {
        using TestMachine source = Drill.StartSource();
        Drill.SetCapability(source, "pause-before-switchover");
        (Channel here, Channel there) = MemoryChannel.CreatePair(capacityBytes: 512);
        using (var reader = new PeerThread(there))
        {
            source.Vm.Outgoing.Start("memory", _ => here);
            source.WaitForStatus(MigrationStatus.PreSwitchover);
            reader.StopReading();
            source.Vm.Outgoing.Continue(MigrationStatus.PreSwitchover);
            source.WaitForStatus(MigrationStatus.Device);
            TestMachine.WaitFor(() => source.Events.Last().StartsWith("P:", StringComparison.Ordinal), "the final sync has begun");

            AssertCancels(source, "M:setup P M:active STOP M:pre-switchover M:device P M:cancelling RESUME M:cancelled");
        }
    }

    public void Dispose() => _directory.Dispose();

    private static void AssertCancels(TestMachine source, string? events)
    {
        source.Vm.Outgoing.Cancel();
        source.WaitForStatus(MigrationStatus.Cancelled);
        Assert.True(source.Vm.Outgoing.WaitForEnd(TestMachine.Deadline));
        Assert.Null(source.Vm.Outgoing.ErrorDescription);
        IEnumerable<string> seen = source.Events.Skip(1).Select(e => e.StartsWith("P:", StringComparison.Ordinal) ? "P" : e);
        string[] collapsed = [.. seen.Where((e, i) => e != "P" || i == 0 || seen.ElementAt(i - 1) != "P")];
        // How many rounds the guest's writes take before the stop depends on how busy the machine is.
        if (events is not null)
            Assert.Equal(events, string.Join(' ', collapsed).Replace("M:active P STOP", "M:active STOP", StringComparison.Ordinal));
        Drill.AssertRunsOn(source);
        Drill.MigrateOnceMore(source);
    }

    private static void AssertLoadFailed(TestMachine target)
    {
        Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline));
        Assert.Equal(MigrationStatus.Failed, target.Vm.Incoming.Status);
        Assert.Equal(RunState.InMigrate, target.Vm.RunState);
    }
}
