using System.Buffers.Binary;

namespace Godwit.Machine;

/// <summary>A split virtqueue as the device sees it.</summary>
/// <remarks>
/// Everything in the rings is the guest's: it is read once and checked, and a ring that makes no sense gives <see cref="VirtqueueResult.Broken"/>
/// instead of an exception. Used under the big lock.
/// </remarks>
internal sealed class Virtqueue
{
    private readonly GuestDma _dma;
    private readonly List<VirtioSegment> _out = [];
    private readonly List<VirtioSegment> _in = [];
    private ushort _signalled;
    private bool _isSignalledValid;

    public Virtqueue(GuestDma dma, int index, uint defaultSize)
    {
        _dma = dma;
        Index = index;
        DefaultSize = defaultSize;
        Reset();
    }

    public int Index { get; }

    public uint DefaultSize { get; }

    /// <summary>Entries; 0 for a queue that the device does not have.</summary>
    public uint Size;

    public uint Alignment;

    public ulong Descriptors;

    public ulong Avail;

    public ulong Used;

    public ushort LastAvailIndex;

    public ushort UsedIndex;

    public bool IsReady => Descriptors != 0;

    /// <summary>Requests that were taken and not given back.</summary>
    public int InUse { get; set; }

    public void Reset()
    {
        Size = DefaultSize;
        Alignment = 4096;
        Descriptors = Avail = Used = 0;
        LastAvailIndex = UsedIndex = 0;
        InUse = 0;
        _isSignalledValid = false;
    }

    /// <summary>Places the parts of a legacy ring behind each other.</summary>
    public void SetLegacyAddress(ulong descriptors)
    {
        Descriptors = descriptors;
        if (descriptors == 0)
        {
            Avail = Used = 0;
            return;
        }

        Avail = unchecked(descriptors + (Size * 16UL));
        ulong end = unchecked(Avail + 4 + (2UL * Size));
        ulong mask = Alignment == 0 ? 0 : Alignment - 1UL;
        Used = unchecked((end + mask) & ~mask);
    }

    /// <summary>The used index is not in the state: the guest's memory has it.</summary>
    public bool TryRestoreIndices(out ushort inUse)
    {
        inUse = 0;
        if (!TryReadUInt16(Used + 2, out ushort used) || !TryReadUInt16(Avail + 2, out ushort avail))
            return false;
        UsedIndex = used;
        inUse = unchecked((ushort)(LastAvailIndex - used));
        return unchecked((ushort)(avail - LastAvailIndex)) <= Size;
    }

    /// <summary>Whether the driver has offered something that was not taken yet.</summary>
    public bool HasAvailable => IsReady && TryReadUInt16(Avail + 2, out ushort avail) && avail != LastAvailIndex;

    /// <summary>Takes the next request.</summary>
    public VirtqueueResult TryPop(bool hasEventIndex, out VirtioRequest? request)
    {
        request = null;
        if (!IsReady || Size == 0)
            return VirtqueueResult.Empty;
        if (!TryReadUInt16(Avail + 2, out ushort avail))
            return VirtqueueResult.Broken;
        ushort waiting = unchecked((ushort)(avail - LastAvailIndex));
        if (waiting == 0)
            return VirtqueueResult.Empty;
        if (waiting > Size || InUse >= Size
            || !TryReadUInt16(Avail + 4 + (2UL * (LastAvailIndex % Size)), out ushort head) || head >= Size || !CollectChain(head))
        {
            return VirtqueueResult.Broken;
        }

        LastAvailIndex++;
        InUse++;
        if (hasEventIndex)
        {
            if (!TryWriteUInt16(Used + 4 + (8UL * Size), LastAvailIndex))
                return VirtqueueResult.Broken;

            // The next look at the driver's index comes behind this: either it sees what was offered, or the driver sees that it has to ring.
            Interlocked.MemoryBarrier();
        }

        request = new VirtioRequest(Index, head, [.. _out], [.. _in]);
        return VirtqueueResult.Ok;
    }

    /// <summary>Leaves the last <paramref name="count"/> requests in the ring after all, as if they had not been taken.</summary>
    /// <remarks>What the driver was told stays: it rings for what it offers behind these.</remarks>
    public void Untake(int count)
    {
        LastAvailIndex -= (ushort)count;
        InUse -= count;
    }

    /// <summary>Gives a request back.</summary>
    public bool TryPush(uint head, uint writtenBytes) => TryFill(0, head, writtenBytes) && TryPublish(1);

    /// <summary>Prepares to give a request back; <paramref name="ahead"/> others are prepared before it. <see cref="TryPublish"/> shows them all at once.</summary>
    public bool TryFill(int ahead, uint head, uint writtenBytes)
    {
        if (!IsReady || Size == 0)
            return false;
        Span<byte> element = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(element, head);
        BinaryPrimitives.WriteUInt32LittleEndian(element[4..], writtenBytes);
        return _dma.TryWrite(Used + 4 + (8UL * ((uint)unchecked((ushort)(UsedIndex + ahead)) % Size)), element);
    }

    /// <summary>Gives back what was prepared.</summary>
    public bool TryPublish(int count)
    {
        ushort old = UsedIndex;
        UsedIndex += (ushort)count;
        InUse = Math.Max(0, InUse - count);
        if (unchecked((short)(UsedIndex - _signalled)) < unchecked((ushort)(UsedIndex - old)))
            _isSignalledValid = false;
        return TryWriteUInt16(Used + 2, UsedIndex);
    }

    /// <summary>Whether the driver wants to hear of what was pushed since the last time it was told.</summary>
    public bool ShouldNotify(ulong guestFeatures)
    {
        if ((guestFeatures & VirtioConstants.FeatureNotifyOnEmpty) != 0 && InUse == 0 && !HasAvailable)
            return true;
        if ((guestFeatures & VirtioConstants.FeatureEventIndex) == 0)
            return !TryReadUInt16(Avail, out ushort flags) || (flags & VirtioConstants.AvailNoInterrupt) == 0;

        bool wasValid = _isSignalledValid;
        ushort old = _signalled;
        _signalled = UsedIndex;
        _isSignalledValid = true;
        return !wasValid || !TryReadUInt16(Avail + 4 + (2UL * Size), out ushort wanted)
            || unchecked((ushort)(UsedIndex - wanted - 1)) < unchecked((ushort)(UsedIndex - old));
    }

    private bool CollectChain(ushort head)
    {
        _out.Clear();
        _in.Clear();
        ulong table = Descriptors;
        uint entries = Size;
        uint index = head;
        bool isIndirect = false;
        Span<byte> descriptor = stackalloc byte[VirtioConstants.DescriptorBytes];
        for (uint steps = 0; steps < entries;)
        {
            if (!_dma.TryRead(unchecked(table + (index * 16UL)), descriptor))
                return false;
            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(descriptor);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[8..]);
            ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[12..]);
            ushort next = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[14..]);
            if ((flags & VirtioConstants.DescriptorIndirect) != 0)
            {
                uint count = length / VirtioConstants.DescriptorBytes;
                if (isIndirect || steps != 0 || length % VirtioConstants.DescriptorBytes != 0 || count is 0 or > ushort.MaxValue)
                    return false;
                (isIndirect, table, entries, index) = (true, address, count, 0);
                continue;
            }

            if (!Append(address, length, isWrite: (flags & VirtioConstants.DescriptorWrite) != 0))
                return false;
            steps++;
            if ((flags & VirtioConstants.DescriptorNext) == 0)
                return true;
            if (next >= entries)
                return false;
            index = next;
        }

        return false;
    }

    /// <summary>Reads come before writes, nothing is empty, and all of it is RAM.</summary>
    private bool Append(ulong address, uint length, bool isWrite)
    {
        if (length == 0 || _out.Count + _in.Count >= VirtioConstants.MaximumRingEntries || (!isWrite && _in.Count > 0)
            || !_dma.IsMemory(address, length, isWrite))
        {
            return false;
        }

        (isWrite ? _in : _out).Add(new VirtioSegment(address, length));
        return true;
    }

    private bool TryReadUInt16(ulong address, out ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        bool succeeded = _dma.TryRead(address, bytes);
        value = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        return succeeded;
    }

    private bool TryWriteUInt16(ulong address, ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        return _dma.TryWrite(address, bytes);
    }
}
