using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>Registers of a device as two functions; every access that gets this far is answered.</summary>
/// <remarks>Sizes and alignments that the device does not answer to are refused before, by the region's <see cref="AccessConstraints"/>.</remarks>
internal sealed class RegisterBlock(Func<ulong, int, ulong> read, Action<ulong, int, ulong> write) : IMemoryRegionOperations
{
    public MemoryTransactionResult Read(ulong offset, int sizeBytes, out ulong value)
    {
        value = read(offset, sizeBytes);
        return MemoryTransactionResult.Ok;
    }

    public MemoryTransactionResult Write(ulong offset, int sizeBytes, ulong value)
    {
        write(offset, sizeBytes, value);
        return MemoryTransactionResult.Ok;
    }
}
