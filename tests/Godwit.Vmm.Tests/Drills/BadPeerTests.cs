using System.Net.Sockets;
using Godwit.Migration;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Vmm.Tests.Drills;

/// <summary>Peers, files and commands that do not do their part: the guest runs on, the reason is there, the next migration works.</summary>
public sealed class BadPeerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>Whether a pipe still takes the whole stream when its command has ended is a matter of time; the status is told either way.</summary>
    [Theory]
    [InlineData("tcp:127.0.0.1:1", "Failed to connect to '127.0.0.1:1': Connection refused")]
    [InlineData("tcp:no-such-host.invalid:4444", "address resolution failed for no-such-host.invalid:4444: ")]
    [InlineData("exec:exit 3", "ommand exited with status 3")]
    [InlineData("exec:head -c 40000 > /dev/null; exit 4", "ommand exited with status 4")]
    [InlineData("exec:cat > /dev/null; exit 5", "ommand exited with status 5")]
    [InlineData("exec:cat > /dev/full", "ommand exited with status 1")]
    public void Migrate_TransportFails_GuestRunsOn(string uri, string reason)
    {
        using TestMachine source = Drill.StartSource();
        source.Vm.Outgoing.Start(MigrationAddress.ParseUri(uri));
        Drill.AssertFailedAndRunsOn(source, reason);
        Drill.MigrateOnceMore(source);
    }

    [Theory]
    [InlineData("file:/no/such/folder/f", "/no/such/folder/f': No such file or directory")]
    [InlineData("fd:none", "File descriptor named 'none' has not been found")]
    public void Migrate_CannotBeOpened_IsRefusedAndFailed(string uri, string reason)
    {
        using TestMachine source = Drill.StartSource();
        MigrationRefusedException refusal = Assert.Throws<MigrationRefusedException>(() => source.Vm.Outgoing.Start(MigrationAddress.ParseUri(uri)));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Drill.AssertFailedAndRunsOn(source, reason);
        Drill.MigrateOnceMore(source);
    }

    [Fact]
    public void Migrate_PeerNeverReads_GuestRunsOnAndTheLossOfThePeerEndsIt()
    {
        using TestMachine source = Drill.StartSource();
        using var listener = new SilentListener(_directory.File("s"));
        source.Vm.Outgoing.Start(MigrationAddress.ParseUri($"unix:{listener.Path}"));
        using (Socket peer = listener.Accept())
        {
            source.WaitForStatus(MigrationStatus.Active);
            Drill.AssertRunsOn(source);
            Assert.Equal(MigrationStatus.Active, source.Vm.Outgoing.Status);
        }

        source.WaitForStatus(MigrationStatus.Failed);
        Drill.AssertFailedAndRunsOn(source, "");
        Assert.DoesNotContain("STOP", source.Events);
        Drill.MigrateOnceMore(source);
    }

    [Theory]
    [InlineData("485454502f312e3120343030", "Received an unknown return path message")]
    [InlineData("00000004deadbeef", "Received an unknown return path message")]
    [InlineData("0002ffff", "length")]
    [InlineData("0001000400000007", "Sibling indicated error 7")]
    [InlineData("0004000c000000000000000100001000", "Page request without a block")]
    public void Migrate_NonsenseOnTheReturnPath_GuestRunsOn(string hex, string reason)
    {
        using TestMachine source = Drill.StartSource();
        using var listener = new SilentListener(_directory.File("s"));
        source.Vm.Outgoing.Start(MigrationAddress.ParseUri($"unix:{listener.Path}"));
        using Socket peer = listener.Accept();
        peer.Send(Convert.FromHexString(hex));
        source.WaitForStatus(MigrationStatus.Failed);
        Assert.Contains(reason, source.Vm.Outgoing.ErrorDescription, StringComparison.OrdinalIgnoreCase);
        Drill.AssertFailedAndRunsOn(source, "");
        Drill.MigrateOnceMore(source);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Accepts and then does what the test says, by default nothing.</summary>
    private sealed class SilentListener : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        public SilentListener(string path)
        {
            Path = path;
            _socket.Bind(new UnixDomainSocketEndPoint(path));
            _socket.Listen(1);
        }

        public string Path { get; }

        public Socket Accept() => _socket.Accept();

        public void Dispose() => _socket.Dispose();
    }
}
