using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Control;

public class IncomingMigrationTests
{
    public static TheoryData<RunState, bool, RunState> RunStates => new()
    {
        { RunState.Running, true, RunState.Running },
        { RunState.Running, false, RunState.Paused },
        { RunState.Paused, true, RunState.Paused },
        { RunState.Paused, false, RunState.Paused },
        { RunState.Prelaunch, true, RunState.Prelaunch },
        { RunState.Prelaunch, false, RunState.Prelaunch },
        { RunState.Shutdown, true, RunState.Shutdown },
        { RunState.IoError, false, RunState.IoError },
        { RunState.Suspended, true, RunState.Running },
    };

    [Theory]
    [MemberData(nameof(RunStates))]
    public void Load_SourceState_DecidesTheRunStateHere(RunState source, bool startsAutomatically, RunState expected)
    {
        using var pair = new MigrationPair(sourceState: source);
        pair.DestinationHost.StartsAutomatically = startsAutomatically;

        pair.Start();
        pair.WaitForBoth();

        Assert.Equal(expected, pair.DestinationHost.RunState);
        Assert.Equal(MigrationStatus.Completed, pair.Destination.Status);
    }

    [Fact]
    public void Listen_Twice_IsRefusedForEver()
    {
        using var pair = new MigrationPair();
        pair.Start();
        pair.WaitForBoth();

        var refusal = Assert.Throws<MigrationRefusedException>(() => pair.Destination.Listen(MigrationAddress.ParseUri("tcp:127.0.0.1:0")));

        Assert.Equal("The incoming migration has already been started", refusal.Message);
    }

    [Fact]
    public void Listen_NotWaitingForAMigration_IsRefused()
    {
        using var host = new FakeHost(RunState.Running);
        using var incoming = new IncomingMigration(host, new MigrationSettings(), host);

        var refusal = Assert.Throws<MigrationRefusedException>(() => incoming.Listen(MigrationAddress.ParseUri("tcp:127.0.0.1:0")));

        Assert.Equal("'-incoming' was not specified on the command line", refusal.Message);
        Assert.Equal("", host.Events);
    }

    [Fact]
    public void Listen_CannotBind_MayBeRepeated()
    {
        using var host = new FakeHost(RunState.InMigrate);
        using var incoming = new IncomingMigration(host, new MigrationSettings(), host);

        var refusal = Assert.Throws<MigrationRefusedException>(() => incoming.Listen(MigrationAddress.ParseUri("file:/nonexistent/x")));
        Assert.Equal(MigrationStatus.None, incoming.Status);
        incoming.Listen(MigrationAddress.ParseUri("tcp:127.0.0.1:0"), exitOnError: false);

        Assert.Contains("Could not open '/nonexistent/x'", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(MigrationStatus.Setup, incoming.Status);
        Assert.False(incoming.ExitsOnError);
        Assert.True(incoming.IsListenerStarted);
    }

    [Fact]
    public void Stop_WhileListening_Fails()
    {
        using var host = new FakeHost(RunState.InMigrate);
        using var incoming = new IncomingMigration(host, new MigrationSettings(), host);
        incoming.Listen(MigrationAddress.ParseUri("tcp:127.0.0.1:0"));

        incoming.Stop();

        Assert.True(incoming.WaitForEnd(MigrationPair.Deadline));
        Assert.Equal("M:setup M:failed", host.Events);
        Assert.False(incoming.IsListenerStarted, "what had to be set before the load may be set for the next way out");
    }

    [Fact]
    public void Load_SourceGone_FailsWithTheReasonAndTellsOnce()
    {
        using var host = new FakeHost(RunState.InMigrate);
        using var incoming = new IncomingMigration(host, new MigrationSettings(), host);
        var ends = new List<bool>();
        incoming.Ended = ends.Add;
        var (near, far) = MemoryChannel.CreatePair();
        near.Write([0x51, 0x45, 0x56]);
        near.Shutdown();

        incoming.Listen(_ => far);
        Assert.True(incoming.WaitForEnd(MigrationPair.Deadline));
        incoming.Dispose();

        Assert.Equal([false], ends);
        Assert.Equal("M:setup M:active M:failed", host.Events);
        Assert.StartsWith("load of migration failed: Input/output error: unexpected end of stream", incoming.ErrorDescription, StringComparison.Ordinal);
        Assert.Equal(RunState.InMigrate, host.RunState);
        Assert.Equal(1, host.FakeRam.LoadCleanups);
    }

    [Fact]
    public void Load_Refused_SourceIsToldByShut1()
    {
        using var host = new FakeHost(RunState.InMigrate);
        using var incoming = new IncomingMigration(host, new MigrationSettings(), host);
        var (near, far) = MemoryChannel.CreatePair();
        near.Write(Convert.FromHexString("5145564d00000003" + "07" + "00000004" + "76697274" + "0800010000" + "080002000400000001" + "99"));

        incoming.Listen(_ => far);
        var answer = new byte[16];
        var got = 0;
        while (got < answer.Length)
            got += near.Read(answer.AsSpan(got));

        Assert.Equal("00020004000000010001000400000001", Convert.ToHexString(answer), ignoreCase: true);
        Assert.True(incoming.WaitForEnd(MigrationPair.Deadline));
        Assert.Contains("Unknown savevm section type 153", incoming.ErrorDescription, StringComparison.Ordinal);
    }
}
