using System.Diagnostics.CodeAnalysis;
using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>What a device may touch by itself: guest RAM, nothing else.</summary>
/// <remarks>
/// A device that could be pointed at registers could be made to call itself or another device in the middle of an access. Ranges that are not
/// RAM from end to end are refused as a whole, before a byte is moved.
/// </remarks>
public sealed class GuestDma
{
    private readonly AddressSpace _addressSpace;

    /// <summary>Creates the access over the machine's address space.</summary>
    public GuestDma(AddressSpace addressSpace)
    {
        ArgumentNullException.ThrowIfNull(addressSpace);
        _addressSpace = addressSpace;
    }

    /// <summary>Reads RAM or ROM; false, with nothing read, when a part of the range is anything else.</summary>
    public bool TryRead(ulong address, Span<byte> destination) =>
        IsMemory(address, (ulong)destination.Length, isWrite: false)
        && _addressSpace.Read(new GuestAddress(address), destination) == MemoryTransactionResult.Ok;

    /// <summary>Writes RAM and marks it dirty; false, with nothing written, when a part of the range is anything else.</summary>
    public bool TryWrite(ulong address, ReadOnlySpan<byte> source) =>
        IsMemory(address, (ulong)source.Length, isWrite: true)
        && _addressSpace.Write(new GuestAddress(address), source) == MemoryTransactionResult.Ok;

    /// <summary>Finds the RAM behind an address.</summary>
    /// <param name="address">The guest-physical address.</param>
    /// <param name="block">The block.</param>
    /// <param name="offset">Where in the block.</param>
    /// <param name="lengthBytes">How far the block's memory goes on from there.</param>
    /// <returns>False when the address is not RAM that can be written.</returns>
    public bool TryFindRam(ulong address, [NotNullWhen(true)] out RamBlock? block, out RamOffset offset, out ulong lengthBytes)
    {
        block = null;
        offset = default;
        lengthBytes = 0;
        if (!_addressSpace.CurrentView.TryFind(new GuestAddress(address), out FlatRange? range) || !range.WritesMemory || range.Region.RamBlock is not { } found)
            return false;
        block = found;
        offset = new RamOffset(range.OffsetInRegion + (address - range.Start.Value));
        lengthBytes = range.Last.Value - address + 1;
        return true;
    }

    /// <summary>Whether the whole range is memory that a device may read, or write.</summary>
    public bool IsMemory(ulong address, ulong lengthBytes, bool isWrite)
    {
        FlatView view = _addressSpace.CurrentView;
        while (lengthBytes > 0)
        {
            if (!view.TryFind(new GuestAddress(address), out FlatRange? range) || !(isWrite ? range.WritesMemory : range.ReadsMemory))
                return false;
            ulong left = range.Last.Value - address;
            if (lengthBytes - 1 <= left)
                return true;
            lengthBytes -= left + 1;
            address = range.Last.Value + 1;
            if (address == 0)
                return false;
        }

        return true;
    }
}
