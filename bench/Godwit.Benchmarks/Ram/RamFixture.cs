using Godwit.Memory;
using Godwit.Migration;
using Godwit.Wire;

namespace Godwit.Benchmarks.Ram;

/// <summary>A machine with one block of RAM, and the migration that sends it.</summary>
internal sealed class RamFixture : IRamMigrationContext, IDisposable
{
    public RamFixture(int pages)
    {
        using (Memory.BigLock.Enter())
        {
            var root = MemoryRegion.CreateContainer(Memory, "root", (Int128)1 << 64);
            Memory.CreateAddressSpace("memory", root);
            var region = MemoryRegion.CreateRam(Memory, "ram", (ulong)pages * TargetPage.SizeBytes);
            root.AddSubregion(region, 0);
            Block = region.RamBlock!;
        }
    }

    public MemorySystem Memory { get; } = new();

    public RamBlock Block { get; }

    public MigrationCapabilities Capabilities => default;

    public MigrationParameters Parameters => MigrationParameters.Default;

    public MigrationStatistics Statistics { get; } = new();

    public RateLimiter? Limiter => null;

    public void MakeAllDirty() => Memory.Dirty.SetRange(Block.Offset, Block.UsedLengthBytes, DirtyClientMask.Migration);

    public void DirtySyncDone(long syncCount)
    {
        // Nobody watches.
    }

    public void RamChanged(string reason) => throw new InvalidOperationException(reason);

    public void Dispose() => Memory.Dispose();
}
