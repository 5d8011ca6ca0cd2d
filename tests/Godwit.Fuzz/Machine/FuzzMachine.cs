using Godwit.Memory;
using Godwit.Migration;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>Memory with a few small blocks of every sort.</summary>
internal sealed class FuzzMachine : IRamMigrationContext, IDisposable
{
    public const int PageBytes = TargetPage.SizeBytes;
    public const string Main = "ram";
    public const string Shared = "shm";
    public const string Resizable = "tables";
    public const string Unusual = "huge";
    public const string Private = "private";
    public const uint UnusualPageBytes = 2 * PageBytes;

    private const int DiscardPeriod = 64;

    private readonly MemoryRegion _root;
    private ulong _nextAddress = 0x80000000;
    private int _resets;

    public FuzzMachine(int mainPages = 4)
    {
        Memory = new MemorySystem();
        using BigLock.Scope held = Memory.BigLock.Enter();
        _root = MemoryRegion.CreateContainer(Memory, "root", (Int128)1 << 64);
        Space = Memory.CreateAddressSpace("memory", _root);
        string sharedFile = Path.Combine(Path.GetTempPath(), $"godwit-fuzz-{Guid.NewGuid():N}");
        Blocks =
        [
            AddBlock(Main, mainPages, new RamBlockOptions()),
            AddBlock(Shared, 2, new RamBlockOptions { FilePath = sharedFile }),
            AddBlock(Resizable, 1, new RamBlockOptions { MaxLengthBytes = 4 * PageBytes }),
            AddBlock(Unusual, 2, new RamBlockOptions { PageSizeBytes = UnusualPageBytes }),
            AddBlock(Private, 1, new RamBlockOptions { IsMigratable = false }),
        ];
        File.Delete(sharedFile);
    }

    public MemorySystem Memory { get; }

    public AddressSpace Space { get; }

    public IReadOnlyList<RamBlock> Blocks { get; }

    public MigrationCapabilities Capabilities { get; set; }

    public MigrationParameters Parameters => MigrationParameters.Default;

    public MigrationStatistics Statistics { get; } = new();

    public RateLimiter? Limiter => null;

    /// <summary>All zero again, and as long as at first.</summary>
    public void Reset()
    {
        bool discards = ++_resets % DiscardPeriod == 0;
        foreach (RamBlock block in Blocks)
        {
            Span<byte> all = block.GetSpan(default, (int)block.MaxLengthBytes);
            if (discards)
                block.Discard(default, block.MaxLengthBytes);
            else if (all.ContainsAnyExcept((byte)0))
                all.Clear();
            if (!block.IsResizable || block.UsedLengthBytes == PageBytes)
                continue;
            using (Memory.BigLock.Enter())
                Memory.Ram.Resize(block, PageBytes);
        }
    }

    public void DirtySyncDone(long syncCount)
    {
    }

    public void RamChanged(string reason)
    {
    }

    public void Dispose() => Memory.Dispose();

    private RamBlock AddBlock(string name, int pages, RamBlockOptions options)
    {
        MemoryRegion region = MemoryRegion.CreateRam(Memory, name, (ulong)(pages * PageBytes), options);
        _root.AddSubregion(region, _nextAddress);
        _nextAddress += 0x100000;
        return region.RamBlock!;
    }
}
