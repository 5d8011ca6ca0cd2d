using System.Buffers.Binary;
using System.Numerics;

namespace Godwit.Memory;

/// <summary>Carries out one access to a device's registers with the sizes that its operations implement.</summary>
internal static class DeviceAccess
{
    /// <summary>The size of the first access that a longer transfer is split into.</summary>
    internal static int SizeFor(AccessConstraints constraints, ulong offset, int length)
    {
        var size = Math.Min(length, constraints.MaximumSizeBytes);
        if (!constraints.AllowsUnaligned && offset != 0)
            size = (int)Math.Min((ulong)size, offset & (0 - offset));
        return 1 << BitOperations.Log2((uint)size);
    }

    internal static MemoryTransactionResult Read(MemorySystem system, MemoryRegion region, ulong offset, int sizeBytes, out ulong value)
    {
        value = 0;
        var constraints = region.Constraints;
        if (!constraints.Accepts(offset, sizeBytes))
            return MemoryTransactionResult.DecodeError;
        var step = Math.Clamp(sizeBytes, constraints.ImplementedMinimumSizeBytes, constraints.ImplementedMaximumSizeBytes);
        var result = MemoryTransactionResult.Ok;
        using var held = region.RequiresBigLock ? system.BigLock.EnterIfNeeded() : default;
        for (var done = 0; done < sizeBytes; done += step)
        {
            var one = region.Operations!.Read(offset + (ulong)done, step, out var part);
            if (result == MemoryTransactionResult.Ok)
                result = one;
            value |= Place(part & Mask(step), Shift(constraints, sizeBytes, step, done));
        }
        value &= Mask(sizeBytes);
        if (constraints.IsBigEndian)
            value = Swap(value, sizeBytes);
        return result;
    }

    internal static MemoryTransactionResult Write(MemorySystem system, MemoryRegion region, ulong offset, int sizeBytes, ulong value)
    {
        var constraints = region.Constraints;
        if (!constraints.Accepts(offset, sizeBytes))
            return MemoryTransactionResult.DecodeError;
        var step = Math.Clamp(sizeBytes, constraints.ImplementedMinimumSizeBytes, constraints.ImplementedMaximumSizeBytes);
        value &= Mask(sizeBytes);
        if (constraints.IsBigEndian)
            value = Swap(value, sizeBytes);
        var result = MemoryTransactionResult.Ok;
        using var held = region.RequiresBigLock ? system.BigLock.EnterIfNeeded() : default;
        for (var done = 0; done < sizeBytes; done += step)
        {
            var one = region.Operations!.Write(offset + (ulong)done, step, Place(value, -Shift(constraints, sizeBytes, step, done)) & Mask(step));
            if (result == MemoryTransactionResult.Ok)
                result = one;
        }
        return result;
    }

    // How far to the left the part at `done` stands in the whole value; to the right if a big-endian device implements more than was asked for.
    private static int Shift(AccessConstraints constraints, int sizeBytes, int step, int done)
        => (constraints.IsBigEndian ? sizeBytes - step - done : done) * 8;

    private static ulong Place(ulong value, int shift) => shift >= 0 ? value << shift : value >> -shift;

    private static ulong Mask(int sizeBytes) => ulong.MaxValue >> (64 - (sizeBytes * 8));

    // The bus is little-endian, so the bytes of a big-endian device's value are met in reverse.
    private static ulong Swap(ulong value, int sizeBytes) => BinaryPrimitives.ReverseEndianness(value) >> (64 - (sizeBytes * 8));
}
