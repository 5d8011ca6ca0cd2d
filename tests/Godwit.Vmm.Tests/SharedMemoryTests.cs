using Godwit.Migration;

namespace Godwit.Vmm.Tests;

/// <summary>Memory that two machines have in common.</summary>
public sealed class SharedMemoryTests
{
    [Fact]
    public void Start_WaitingMachine_LeavesTheSharedMemoryAlone()
    {
        string file = Path.GetTempFileName();
        try
        {
            byte[] content = new byte[8 << 20];
            new Random(1).NextBytes(content);
            File.WriteAllBytes(file, content);
            using (var machine = new TestMachine(isIncoming: true, change: options => options with { MemoryBackend = new MemoryBackend("mem0", file, IsShared: true) }))
            {
                machine.Vm.Start();
                Assert.True(machine.Vm.Ram.Find("mem0")!.IsNamedFile);
            }

            Assert.True(content.AsSpan().SequenceEqual(File.ReadAllBytes(file)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Migrate_SharedMemoryWithoutAName_IsSent()
    {
        // Nobody else can have found it, so it has to go like any other memory; and release-ram has nothing to do before postcopy.
        using var source = new TestMachine(change: static options => options with { MemoryBackend = new MemoryBackend("mem0", IsShared: true) });
        using var target = new TestMachine(isIncoming: true, change: static options => options with { MemoryBackend = new MemoryBackend("mem0", IsShared: true) });
        source.Vm.Settings.SetCapabilities([KeyValuePair.Create("x-ignore-shared", true), KeyValuePair.Create("release-ram", true)]);
        target.Vm.Settings.SetCapabilities([KeyValuePair.Create("x-ignore-shared", true)]);
        source.Vm.Start();
        source.WaitForRounds(1);
        target.Vm.Incoming.Listen(Godwit.Wire.MigrationAddress.ParseUri("tcp:127.0.0.1:0"), exitOnError: false);
        source.Vm.Outgoing.Start(target.Vm.Incoming.ListenAddresses[0]);
        source.WaitForStatus(MigrationStatus.Completed);
        TestMachine.WaitFor(() => target.Vm.Incoming.Status == MigrationStatus.Completed, "the load");
        Assert.True(source.Vm.Outgoing.Statistics.TotalBytes > 8 << 20);
        Assert.True(source.Vm.CheckStaircase().IsSound); // what was sent is still here
        target.AssertSound();
    }
}
