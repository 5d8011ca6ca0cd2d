using System.Globalization;
using Godwit.Memory;
using Godwit.Migration;
using Godwit.Wire;

namespace Godwit.Vmm.Tests;

/// <summary>What a migration takes from the managed heap: little, and the same for any number of pages.</summary>
[CollectionDefinition(nameof(MigrationMemoryTests), DisableParallelization = true)]
[Collection(nameof(MigrationMemoryTests))]
public sealed class MigrationMemoryTests : IDisposable
{
    private const ulong SmallBytes = 8UL << 20;
    private const ulong LargeBytes = SmallBytes + (32UL << 20);
    private const long Pages = (long)((LargeBytes - SmallBytes) / 4096);

    /// <summary>The smallest object has 24 bytes; what depends on time, as the rounds do, comes to about one byte for each page.</summary>
    private const double MostBytesPerPage = 6;

    /// <summary>Managed memory of one process beyond guest RAM; here both ends are in it.</summary>
    private const long MostHeapBytes = 64L << 20;

    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-heap-").FullName;

    [Theory]
    [InlineData("")]
    [InlineData("xbzrle")]
    [InlineData("multifd none")]
    [InlineData("multifd zstd")]
    [InlineData("mapped-ram multifd none")]
    public void Migrate_AnyFeature_TakesNoHeapPerPage(string features)
    {
        // Once for nothing: code is compiled, pools are filled.
        Migrate(features, SmallBytes);
        long small = 0, large = 0;
        double perPage = double.MaxValue;

        // What goes by time differs from one migration to the next, on a busy machine more than the limit; what goes by pages is there every time.
        for (int round = 0; round < 3 && perPage >= MostBytesPerPage; round++)
        {
            small = Migrate(features, SmallBytes).AllocatedBytes;
            (large, long heap) = Migrate(features, LargeBytes);
            perPage = (double)(large - small) / Pages;
            Assert.InRange(heap, 0, MostHeapBytes);
        }

        Assert.True(perPage < MostBytesPerPage, string.Create(CultureInfo.InvariantCulture, $"{perPage:F3} bytes for each of {Pages} pages: {small} and {large}"));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Bytes allocated from start to end, and the most that was alive or not yet collected.</summary>
    private (long AllocatedBytes, long HeapBytes) Migrate(string features, ulong ramBytes)
    {
        using var source = new TestMachine(startsStopped: true, change: options => options with { RamBytes = ramBytes });
        using var target = new TestMachine(isIncoming: true, change: options => options with { RamBytes = ramBytes });
        foreach (TestMachine machine in new[] { source, target })
            SetUp(machine.Vm, features);
        Fill(source.Vm);
        source.Vm.Start();

        string uri = features.Contains("mapped-ram", StringComparison.Ordinal)
            ? $"file:{Path.Combine(_directory, "saved")}" : $"unix:{Path.Combine(_directory, "socket")}";
        GC.Collect();
        long heapBefore = GC.GetTotalMemory(forceFullCollection: true);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        long heap = 0;
        if (uri.StartsWith("unix:", StringComparison.Ordinal))
            target.Vm.Incoming.Listen(MigrationAddress.ParseUri(uri), exitOnError: false);
        source.Vm.Outgoing.Start(MigrationAddress.ParseUri(uri));
        while (!source.Vm.Outgoing.WaitForEnd(TimeSpan.FromMilliseconds(20)))
            heap = Math.Max(heap, GC.GetTotalMemory(forceFullCollection: false) - heapBefore);
        Assert.Null(source.Vm.Outgoing.ErrorDescription);
        if (uri.StartsWith("file:", StringComparison.Ordinal))
            target.Vm.Incoming.Listen(MigrationAddress.ParseUri(uri), exitOnError: false);
        while (!target.Vm.Incoming.WaitForEnd(TimeSpan.FromMilliseconds(20)))
            heap = Math.Max(heap, GC.GetTotalMemory(forceFullCollection: false) - heapBefore);
        Assert.Null(target.Vm.Incoming.ErrorDescription);
        return (GC.GetTotalAllocatedBytes(precise: true) - before, heap);
    }

    private static void SetUp(VirtualMachine machine, string features)
    {
        string[] words = features.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        machine.Settings.SetCapabilities([.. words.Where(word => word is "xbzrle" or "multifd" or "mapped-ram").Select(name => KeyValuePair.Create(name, true))]);
        machine.Settings.SetParameters([KeyValuePair.Create("max-bandwidth", MigrationParameterValue.FromInteger(0))]);
        if (words.Contains("multifd"))
        {
            machine.Settings.SetParameters(
            [
                KeyValuePair.Create("multifd-channels", MigrationParameterValue.FromInteger(4)),
                KeyValuePair.Create("multifd-compression", MigrationParameterValue.FromText(words[^1])),
            ]);
        }
    }

    /// <summary>Pages of zeros, of noise and of what compresses well, in turn.</summary>
    private static void Fill(VirtualMachine machine)
    {
        RamBlock ram = machine.Ram.Blocks.MaxBy(block => block.UsedLengthBytes == machine.RamBytes ? 1 : 0)!;
        var random = new Random(4711);
        for (ulong at = 0; at < machine.RamBytes; at += 3 * 4096)
        {
            random.NextBytes(ram.GetSpan(new RamOffset(at), 4096));
            if (at + 4096 < machine.RamBytes)
                ram.GetSpan(new RamOffset(at + 4096), 4096).Fill((byte)(at >> 13 | 1));
        }
    }
}
