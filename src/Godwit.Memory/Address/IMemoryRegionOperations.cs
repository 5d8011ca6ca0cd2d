namespace Godwit.Memory;

/// <summary>What a device does when the guest reads or writes its registers.</summary>
/// <remarks>Called under the big lock, unless the region was made without it.</remarks>
public interface IMemoryRegionOperations
{
    /// <summary>Reads <paramref name="sizeBytes"/> (1, 2, 4 or 8) bytes at <paramref name="offset"/> in the region.</summary>
    MemoryTransactionResult Read(ulong offset, int sizeBytes, out ulong value);

    /// <summary>Writes the low <paramref name="sizeBytes"/> (1, 2, 4 or 8) bytes of <paramref name="value"/> at <paramref name="offset"/> in the region.</summary>
    MemoryTransactionResult Write(ulong offset, int sizeBytes, ulong value);
}
