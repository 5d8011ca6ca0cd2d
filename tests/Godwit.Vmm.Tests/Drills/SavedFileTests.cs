using Godwit.Migration;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Vmm.Tests.Drills;

/// <summary>Saves to files that do not fit, and loads of files that are not whole: no half file has the name, no half guest runs.</summary>
public sealed class SavedFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>Capabilities.</summary>
    public static TheoryData<string> Ways => ["", "mapped-ram", "mapped-ram multifd", "background-snapshot", "background-snapshot mapped-ram"];

    [PrivilegedTheory]
    [MemberData(nameof(Ways))]
    public void Save_DiskFullAtAnyPoint_LeavesNothingUnderTheName(string capabilities)
    {
        using TestMachine source = Paused(capabilities);
        long needed;
        using (var disk = new SmallDisk(_directory.File("disk"), kilobytes: 64 << 10))
        {
            Save(source, disk.FullFile);
            Assert.Null(source.Vm.Outgoing.ErrorDescription);
            Assert.Equal(["stream"], disk.Files);
            needed = SmallDisk.AllocatedKilobytes(disk.FullFile);
        }

        foreach (long room in new[] { 8, needed / 4, needed / 2, needed * 9 / 10, needed - 4 })
        {
            foreach (bool exists in new[] { false, true })
            {
                using var disk = new SmallDisk(_directory.File("disk"), (int)room);
                if (exists)
                    File.WriteAllText(disk.FullFile, "what was here");
                Save(source, disk.FullFile);
                Assert.Equal(MigrationStatus.Failed, source.Vm.Outgoing.Status);
                Assert.Contains("No space left on device", source.Vm.Outgoing.ErrorDescription, StringComparison.Ordinal);
                Assert.Equal(RunState.Paused, source.Vm.RunState);
                if (exists)
                    Assert.Equal(0, new FileInfo(disk.FullFile).Length);
                else
                    Assert.Empty(disk.Files);
            }
        }

        source.Vm.Continue();
        Drill.AssertRunsOn(source);
    }

    [Theory]
    [InlineData("")]
    [InlineData("mapped-ram")]
    public void Save_Cancelled_LeavesNothing(string capabilities)
    {
        using TestMachine source = Paused(capabilities);
        Drill.SetParameter(source, "max-bandwidth", 10_000);
        string path = _directory.File("cancelled");
        source.Vm.Outgoing.Start(MigrationAddress.ParseUri($"file:{path}"));
        source.WaitForStatus(MigrationStatus.Active);
        Assert.StartsWith(path + ".", Assert.Single(Directory.GetFiles(_directory.Path, "*.partial")), StringComparison.Ordinal);
        source.Vm.Outgoing.Cancel();
        source.WaitForStatus(MigrationStatus.Cancelled);
        Assert.Empty(Directory.GetFiles(_directory.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("mapped-ram")]
    public void Load_FileIsNotWhole_SaysSoAndRunsNothing(string capabilities)
    {
        using TestMachine source = Paused(capabilities);
        string whole = _directory.File("whole");
        Save(source, whole);
        source.WaitForStatus(MigrationStatus.Completed);
        long length = new FileInfo(whole).Length;
        string part = _directory.File("part");
        foreach (long kept in new[] { 0, 3, 9, 100, length / 3, length / 2, length * 9 / 10 })
        {
            File.Copy(whole, part, overwrite: true);
            using (FileStream file = File.OpenWrite(part))
                file.SetLength(kept);
            using TestMachine target = Target(capabilities);
            target.Vm.Incoming.Listen(MigrationAddress.ParseUri($"file:{part}"), exitOnError: false);
            Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline));
            Assert.Equal(MigrationStatus.Failed, target.Vm.Incoming.Status);
            Assert.Contains("nd of", target.Vm.Incoming.ErrorDescription, StringComparison.Ordinal);
            Assert.Equal(RunState.InMigrate, target.Vm.RunState);
        }
    }

    public void Dispose() => _directory.Dispose();

    private static TestMachine Paused(string capabilities)
    {
        TestMachine source = Drill.StartSource();
        Drill.SetCapability(source, "return-path", isOn: false);
        foreach (string name in capabilities.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            Drill.SetCapability(source, name);
        source.Vm.Stop();
        return source;
    }

    private static TestMachine Target(string capabilities)
    {
        var target = new TestMachine(isIncoming: true);
        foreach (string name in capabilities.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            Drill.SetCapability(target, name);
        return target;
    }

    private static void Save(TestMachine source, string path)
    {
        if (source.Vm.RunState == RunState.PostMigrate)
        {
            source.Vm.Continue();
            source.Vm.Stop();
        }

        source.Vm.Outgoing.Start(MigrationAddress.ParseUri($"file:{path}"));
        Assert.True(source.Vm.Outgoing.WaitForEnd(TestMachine.Deadline));
    }
}
