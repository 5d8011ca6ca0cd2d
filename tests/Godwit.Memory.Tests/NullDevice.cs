namespace Godwit.Memory.Tests;

/// <summary>Registers that read as zero and swallow writes.</summary>
internal sealed class NullDevice : IMemoryRegionOperations
{
    public MemoryTransactionResult Read(ulong offset, int sizeBytes, out ulong value)
    {
        value = 0;
        return MemoryTransactionResult.Ok;
    }

    public MemoryTransactionResult Write(ulong offset, int sizeBytes, ulong value) => MemoryTransactionResult.Ok;
}
