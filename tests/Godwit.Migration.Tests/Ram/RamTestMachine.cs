using Godwit.Memory;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Ram;

/// <summary>Memory with a few blocks and a software dirty log, and what a migration of it needs.</summary>
internal sealed class RamTestMachine : IRamMigrationContext, IDisposable
{
    private readonly MemoryRegion _root;
    private ulong _nextAddress;

    public RamTestMachine()
    {
        Memory = new MemorySystem();
        using (Memory.BigLock.Enter())
        {
            _root = MemoryRegion.CreateContainer(Memory, "root", (Int128)1 << 64);
            Space = Memory.CreateAddressSpace("memory", _root);
        }

        Statistics.Reset(TimeSpan.FromMilliseconds(300));
    }

    public MemorySystem Memory { get; }

    public AddressSpace Space { get; }

    public MigrationCapabilities Capabilities { get; set; }

    public MigrationParameters Parameters { get; set; } = MigrationParameters.Default;

    public MigrationStatistics Statistics { get; } = new();

    public RateLimiter? Limiter { get; set; }

    public IFreePageHints? FreePageHints { get; set; }

    public List<long> Passes { get; } = [];

    public List<string> Changes { get; } = [];

    public RamBlock AddBlock(string name, ulong pages, RamBlockOptions? options = null)
    {
        using (Memory.BigLock.Enter())
        {
            MemoryRegion region = MemoryRegion.CreateRam(Memory, name, pages * 4096, options);
            _root.AddSubregion(region, _nextAddress);
            _nextAddress += Math.Max(pages * 4096, options?.MaxLengthBytes ?? 0) + (1 << 20);
            return region.RamBlock!;
        }
    }

    public void DirtySyncDone(long syncCount) => Passes.Add(syncCount);

    public void RamChanged(string reason) => Changes.Add(reason);

    public void Dispose() => Memory.Dispose();
}
