using System.Globalization;
using System.Text.Json;
using Godwit.Native;

namespace Godwit.Interop.Tests;

/// <summary>Both processes have the same memory: only the rest of the machine goes over the channel.</summary>
public sealed class IgnoreSharedTests
{
    [Theory]
    [InlineData("godwit", "10")]
    [InlineData("10", "godwit")]
    [InlineData("godwit", "11")]
    [InlineData("11", "godwit")]
    [InlineData("godwit", "godwit")]
    public void Migrate_MemoryInAFileOfBoth_SendsDevicesOnly(string from, string to)
    {
        string file = $"/dev/shm/godwit-test-{Environment.ProcessId}-{Guid.NewGuid():N}";
        try
        {
            Migrate(from, to, file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Migrate_MemoryPassedByDescriptor_SendsDevicesOnly()
    {
        // The memory file has no name of its own; a process that has its descriptor lends it.
        using HostMapping memory = HostMapping.AllocateShared("guest", FeatureVm.MegaBytes << 20);
        Migrate("godwit", "godwit", string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{memory.Fd}"));
    }

    [Fact]
    public void Migrate_MappedRamToAFile_LeavesTheSharedMemoryOut()
    {
        string file = $"/dev/shm/godwit-test-{Environment.ProcessId}-{Guid.NewGuid():N}";
        try
        {
            using FeatureVm source = FeatureVm.StartGuest("godwit", more: Memory(file));
            source.Qmp.EnableCapabilities("x-ignore-shared", "mapped-ram");
            source.Set("x-peer-version", "11.1");
            source.WaitForMoreRounds(1);
            string saved = source.PathOf("saved");
            source.Qmp.Execute("migrate", new { uri = $"file:{saved}" });
            source.WaitForMigration();
            foreach (string to in new[] { "11", "godwit" })
            {
                using FeatureVm target = FeatureVm.StartTarget(to, Memory(file));
                target.Qmp.EnableCapabilities("x-ignore-shared", "mapped-ram");
                target.Load($"file:{saved}");
                target.WaitForMigration();
                target.WaitForMoreRounds(2);
                if (to == "godwit")
                {
                    target.AssertMemoryIsSound();
                    continue;
                }

                // One process after the other has the memory; the guest is stored away again in between.
                target.Qmp.Execute("migrate", new { uri = $"file:{saved}" });
                target.WaitForMigration();
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Migrate(string from, string to, string file)
    {
        using FeatureVm source = FeatureVm.StartGuest(from, more: Memory(file));
        using FeatureVm target = FeatureVm.StartTarget(to, Memory(file));
        source.ExpectTarget(target);
        source.Qmp.EnableCapabilities("x-ignore-shared");
        target.Qmp.EnableCapabilities("x-ignore-shared");
        source.WaitForMoreRounds(2);
        source.Qmp.Execute("migrate", new { uri = target.Listen() });
        source.WaitForMigration();
        target.WaitForMigration();

        // Flash, boot ROM and tables go as pages, nearly all of them zero. The guest's 32 MiB do not.
        JsonElement ram = source.Qmp.Execute("query-migrate").GetProperty("ram");
        Assert.InRange(ram.GetProperty("total").GetInt64(), 64 << 20, 66 << 20);
        Assert.InRange(ram.GetProperty("normal").GetInt64(), 0, 64);
        Assert.InRange(ram.GetProperty("transferred").GetInt64(), 1, 1 << 20);
        target.AssertGuestIsSound();
    }

    private static string[] Memory(string file) =>
        ["-machine", "memory-backend=mem0", "-object", $"memory-backend-file,id=mem0,size={FeatureVm.MegaBytes}M,mem-path={file},share=on"];
}
