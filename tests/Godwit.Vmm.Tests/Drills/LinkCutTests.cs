using Godwit.Migration;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Vmm.Tests.Drills;

/// <summary>The link between two whole machines is cut. Every byte of a small stream is cut in the engine's own tests.</summary>
public sealed class LinkCutTests
{
    private const int PongBytes = 8;
    private const int AnswerBytes = 16;

    [Fact]
    public void Cut_BeforeTheStreamIsComplete_GuestGoesOnHere()
    {
        using TestMachine source = Drill.StartSource();

        // Head and block list, then the zero pages of what was never written, then the working set.
        IEnumerable<long> cuts = Enumerable.Range(0, 16).Select(i => i * 9L).Concat(Enumerable.Range(1, 16).Select(i => i * 25_013L));
        foreach (long cut in cuts)
        {
            using TestMachine target = Drill.StartTarget();
            Drill.Connect(source, target, atSource: link => new FlakyChannel(link, cutAfterBytesWritten: cut));
            AssertClearFailure(source, target, $"cut at {cut}");
        }

        Drill.MigrateOnceMore(source);
    }

    [Fact]
    public void Cut_InFrontOfTheLastByte_GuestGoesOnHere()
    {
        using TestMachine source = Drill.StartSource();
        using TestMachine target = Drill.StartTarget();
        Drill.Connect(source, target, atSource: link => new HandOverCutChannel(link, bytesBehind: -1));
        AssertClearFailure(source, target, "the last byte");
        string[] end = [.. source.Events.SkipWhile(e => e != "STOP").Where(e => !e.StartsWith("P:", StringComparison.Ordinal))];
        Assert.Equal(["STOP", "M:device", "M:failed", "RESUME"], end);
        Drill.MigrateOnceMore(source);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(300)]
    [InlineData(4000)]
    public void Cut_BehindTheLastByte_NeverTwoAndAClearState(long bytesBehind)
    {
        using TestMachine source = Drill.StartSource();
        using TestMachine target = Drill.StartTarget();
        Drill.Connect(source, target, atSource: link => new HandOverCutChannel(link, bytesBehind));
        AssertOneOwnerOrAClearState(source, target);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(PongBytes - 1)]
    [InlineData(PongBytes)]
    [InlineData(PongBytes + 3)]
    [InlineData(AnswerBytes - 1)]
    [InlineData(AnswerBytes)]
    public void Cut_InTheAnswerAtTheTarget_NeverTwoAndAClearState(long cut)
    {
        using TestMachine source = Drill.StartSource();
        using TestMachine target = Drill.StartTarget();
        Drill.Connect(source, target, atTarget: link => new FlakyChannel(link, cutAfterBytesWritten: cut));
        AssertOneOwnerOrAClearState(source, target);
        if (cut is >= PongBytes and < AnswerBytes)
        {
            // All was loaded and SHUT could not leave: nobody runs, both say why, and people can decide.
            Assert.True(source.Vm.Outgoing.IsUndecided);
            Assert.Equal(RunState.Paused, target.Vm.RunState);
            Assert.Contains("could not be told", target.Vm.Incoming.ErrorDescription, StringComparison.Ordinal);
            source.Vm.Continue();
            Drill.AssertRunsOn(source);
            Drill.MigrateOnceMore(source);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(PongBytes)]
    [InlineData(AnswerBytes - 1)]
    [InlineData(AnswerBytes)]
    public void Cut_InTheAnswerAtTheSource_NeverTwoAndAClearState(long cut)
    {
        using TestMachine source = Drill.StartSource();
        using TestMachine target = Drill.StartTarget();
        Drill.Connect(source, target, atSource: link => new FlakyChannel(link, cutAfterBytesRead: cut));
        AssertOneOwnerOrAClearState(source, target);
    }

    private static void AssertClearFailure(TestMachine source, TestMachine target, string where)
    {
        Drill.WaitForBoth(source, target);
        Assert.True(source.Vm.Outgoing.Status == MigrationStatus.Failed, $"{where}: {source.Vm.Outgoing.Status}");
        Assert.False(source.Vm.Outgoing.IsUndecided, where);
        Assert.NotNull(source.Vm.Outgoing.ErrorDescription);
        Assert.Equal(MigrationStatus.Failed, target.Vm.Incoming.Status);
        Assert.StartsWith("load of migration failed: ", target.Vm.Incoming.ErrorDescription, StringComparison.Ordinal);
        Assert.Equal(RunState.InMigrate, target.Vm.RunState);
        Drill.AssertRunsOn(source);
    }

    private static void AssertOneOwnerOrAClearState(TestMachine source, TestMachine target)
    {
        Drill.WaitForBoth(source, target);
        Assert.False(source.Vm.IsRunning && target.Vm.IsRunning, "the guest runs twice");
        Assert.False(source.Events.Count(e => e == "RESUME") > 1 && target.Events.Contains("RESUME"), "the guest ran here and there");
        if (target.Vm.IsRunning)
        {
            // The source may not know it, and must not run it then; it says so and refuses to send a second copy.
            Assert.Equal(RunState.PostMigrate, source.Vm.RunState);
            Assert.True(source.Vm.Outgoing.IsUndecided || source.Vm.Outgoing.Status == MigrationStatus.Completed);
            Assert.Throws<MigrationRefusedException>(() => source.Vm.Outgoing.Start(MigrationAddress.ParseUri("tcp:127.0.0.1:1")));
            target.WaitForRounds(2);
            target.AssertSound();
            return;
        }

        Assert.Equal(MigrationStatus.Failed, target.Vm.Incoming.Status);
        Assert.NotNull(target.Vm.Incoming.ErrorDescription);
        Assert.Equal(MigrationStatus.Failed, source.Vm.Outgoing.Status);
        if (source.Vm.IsRunning)
        {
            Drill.AssertRunsOn(source);
            return;
        }

        Assert.True(source.Vm.Outgoing.IsUndecided);
        Assert.Equal(RunState.PostMigrate, source.Vm.RunState);
        Assert.Contains("may run the guest", source.Vm.Outgoing.ErrorDescription, StringComparison.Ordinal);
    }
}
