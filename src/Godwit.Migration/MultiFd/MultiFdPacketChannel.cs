using System.Runtime.InteropServices;
using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>A data channel on a socket: each batch is a packet, pages go from guest memory without a copy unless they are compressed.</summary>
internal sealed class MultiFdPacketChannel : MultiFdSendChannel
{
    /// <summary>Room for a packet of pages that do not compress at all, with what each method adds then.</summary>
    private const int PayloadBytes = 640 * 1024;

    private readonly MultiFdSender _owner;
    private readonly bool _detectZeroPages;
    private readonly IPageCompressor? _compressor;
    private readonly byte[] _header = GC.AllocateArray<byte>(MultiFdFormat.HeaderBytes, pinned: true);
    private readonly byte[] _payload = [];
    private readonly byte[] _page = [];
    private readonly HostRange[] _ranges = new HostRange[MultiFdFormat.MaxPages + 1];
    private readonly ulong[] _zeroPages = new ulong[MultiFdFormat.MaxPages];

    /// <summary>Makes the channel; its init message was sent.</summary>
    public MultiFdPacketChannel(MultiFdSender owner, Channel channel, int id, bool detectZeroPages, IPageCompressor? compressor)
        : base(owner, channel, id)
    {
        _owner = owner;
        _detectZeroPages = detectZeroPages;
        _compressor = compressor;
        new MultiFdPacket(_header).Clear();
        _ranges[0] = new HostRange(Marshal.UnsafeAddrOfPinnedArrayElement(_header, 0), _header.Length);
        if (compressor is null)
            return;
        _payload = GC.AllocateUninitializedArray<byte>(PayloadBytes, pinned: true);
        _page = GC.AllocateUninitializedArray<byte>(TargetPage.SizeBytes);
    }

    protected override void SendPages(PageBatch batch)
    {
        RamBlock block = batch.Block!;
        var packet = new MultiFdPacket(_header);
        packet.Clear();
        packet.WriteBlockName(block.IdString);
        _compressor?.Begin(_payload);
        int normal = 0;
        int zero = 0;
        int ranges = 1;
        ulong previous = ulong.MaxValue;
        for (int i = 0; i < batch.Count; i += batch.RunLength(i))
        {
            var first = new PageIndex(batch.Pages[i]);
            var scan = new PageScan(block, first.ToRamOffset(), batch.RunLength(i), _detectZeroPages);
            while (scan.Next(out int from, out int count, out bool isZero))
            {
                for (int k = 0; k < count; k++)
                {
                    ulong offset = (first.Value + (ulong)(from + k)) << TargetPage.Bits;
                    if (isZero)
                        _zeroPages[zero++] = offset;
                    else
                        packet.SetOffset(normal++, offset);
                }

                if (!isZero)
                    AddPages(block, (first.Value + (ulong)from) << TargetPage.Bits, count, ref ranges, ref previous);
            }
        }

        for (int i = 0; i < zero; i++)
            packet.SetOffset(normal + i, _zeroPages[i]);
        int payload = normal * TargetPage.SizeBytes;
        MultiFdBits method = MultiFdBits.None;
        if (_compressor is not null)
        {
            method = _compressor.Method;
            payload = normal == 0 ? 0 : _compressor.End();
            if (payload > 0)
                _ranges[ranges++] = new HostRange(Marshal.UnsafeAddrOfPinnedArrayElement(_payload, 0), payload);
        }

        packet.WriteCounts(method, normal, zero, payload, _owner.NextPacketNumber());
        Channel.Write(_ranges.AsSpan(0, ranges));
        _owner.NoteSent(MultiFdFormat.HeaderBytes + payload, normal, zero);
    }

    protected override void SendSync()
    {
        new MultiFdPacket(_header).WriteSync(_owner.NextPacketNumber());
        Channel.Write(_header);
        _owner.NoteSent(MultiFdFormat.HeaderBytes, 0, 0);
    }

    protected override void Close() => _compressor?.Dispose();

    private void AddPages(RamBlock block, ulong offset, int count, ref int ranges, ref ulong previousEnd)
    {
        if (_compressor is not null)
        {
            for (int i = 0; i < count; i++)
            {
                // The guest may be writing to the page; a compressor has to see the same bytes whenever it looks.
                block.GetSpan(new RamOffset(offset + ((ulong)i << TargetPage.Bits)), TargetPage.SizeBytes).CopyTo(_page);
                _compressor.Add(_page);
            }

            return;
        }

        HostRange range = block.GetHostRange(new RamOffset(offset), (long)count << TargetPage.Bits);
        if (offset == previousEnd)
            _ranges[ranges - 1] = new HostRange(_ranges[ranges - 1].Address, _ranges[ranges - 1].LengthBytes + range.LengthBytes);
        else
            _ranges[ranges++] = range;
        previousEnd = offset + (ulong)range.LengthBytes;
    }
}
