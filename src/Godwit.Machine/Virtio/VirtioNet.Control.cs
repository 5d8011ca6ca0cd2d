using System.Buffers.Binary;

namespace Godwit.Machine;

/// <content>The control queue: what the driver says about filters, its address and announcements.</content>
public sealed partial class VirtioNet
{
    private void Control(Virtqueue queue)
    {
        while (Pop(queue) is { } request)
        {
            bool isDone = TryControl(request);
            request.TryWrite(Dma, 0, [isDone ? (byte)0 : (byte)1]);
            Push(queue, request, 1);
        }
    }

    private bool TryControl(VirtioRequest request)
    {
        Span<byte> head = stackalloc byte[2];
        if (!request.TryRead(Dma, 0, head))
            return false;
        return (head[0], head[1]) switch
        {
            (0, <= 5) => TrySetMode(request, head[1]),
            (1, 0) => TrySetMacTable(request),
            (1, 1) => request.TryRead(Dma, 2, _mac),
            (2, <= 1) => TrySetVlan(request, isAdded: head[1] == 0),
            (3, 0) => AcknowledgeAnnounce(),
            (5, 0) => TrySetOffloads(request),
            _ => false,
        };
    }

    /// <summary>Promiscuous, all multicast, all unicast, no multicast, no unicast, no broadcast.</summary>
    private bool TrySetMode(VirtioRequest request, int mode)
    {
        Span<byte> value = stackalloc byte[1];
        if (!request.TryRead(Dma, 2, value))
            return false;
        _modes[mode] = value[0];
        return true;
    }

    private bool TrySetMacTable(VirtioRequest request)
    {
        var macs = new List<byte[]>();
        ulong offset = 2;
        if (!TryReadMacs(request, ref offset, macs, out bool uniOverflow))
            return false;
        int firstMulti = macs.Count;
        if (!TryReadMacs(request, ref offset, macs, out bool multiOverflow))
            return false;
        _macs.Clear();
        _macs.AddRange(macs);
        (_firstMulti, _uniOverflow, _multiOverflow) = (firstMulti, uniOverflow, multiOverflow);
        return true;
    }

    private bool TryReadMacs(VirtioRequest request, ref ulong offset, List<byte[]> macs, out bool overflow)
    {
        overflow = false;
        Span<byte> number = stackalloc byte[4];
        if (!request.TryRead(Dma, offset, number))
            return false;
        ulong count = BinaryPrimitives.ReadUInt32LittleEndian(number);
        offset += 4;
        if (count * MacBytes > request.OutBytes - offset)
            return false;
        overflow = count + (ulong)macs.Count > MaximumMacs;
        for (ulong i = 0; i < count && !overflow; i++)
        {
            var mac = new byte[MacBytes];
            if (!request.TryRead(Dma, offset + (i * MacBytes), mac))
                return false;
            macs.Add(mac);
        }

        offset += count * MacBytes;
        return true;
    }

    private bool TrySetVlan(VirtioRequest request, bool isAdded)
    {
        Span<byte> number = stackalloc byte[2];
        if (!request.TryRead(Dma, 2, number))
            return false;
        int vlan = BinaryPrimitives.ReadUInt16LittleEndian(number);
        if (vlan >= VlanBytes * 8)
            return false;
        byte bit = (byte)(1 << (vlan % 8));
        _vlans[vlan / 8] = (byte)(isAdded ? _vlans[vlan / 8] | bit : _vlans[vlan / 8] & ~bit);
        return true;
    }

    private bool TrySetOffloads(VirtioRequest request)
    {
        Span<byte> value = stackalloc byte[8];
        if (!request.TryRead(Dma, 2, value))
            return false;
        _offloads = BinaryPrimitives.ReadUInt64LittleEndian(value);
        return _offloads == 0;
    }

    private bool AcknowledgeAnnounce()
    {
        if ((_status & StatusAnnounce) == 0)
            return false;
        _status &= unchecked((ushort)~StatusAnnounce);
        return true;
    }
}
