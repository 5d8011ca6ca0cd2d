using System.Buffers.Binary;
using Godwit.Accel;
using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine;

/// <summary>A network card with one pair of queues and a control queue. Section <c>virtio-net</c>.</summary>
public sealed partial class VirtioNet : VirtioDevice
{
    private const int MacBytes = 6;
    private const int MaximumMacs = 64;
    private const int VlanBytes = 512;
    private const int ReceiveQueue = 0;
    private const int TransmitQueue = 1;
    private const int ControlQueue = 2;
    private const int LegacyHeaderBytes = 10;
    private const int HeaderBytes = 12;
    private const int AnnounceFrameBytes = 60;
    private const ushort StatusLinkUp = 1;
    private const ushort StatusAnnounce = 2;

    private const ulong FeatureGuestOffloads = 1UL << 2;
    private const ulong FeatureGso = 1UL << 6;
    private const ulong FeatureMergeableBuffers = 1UL << 15;
    private const ulong FeatureControlQueue = 1UL << 17;
    private const ulong FeatureGuestAnnounce = 1UL << 21;

    /// <summary>What a card offers whose cable carries plain frames.</summary>
    private const ulong Features = 0x38bf_8064 & ~VirtioConstants.CommonFeatures;

    private readonly BigLock _bigLock;
    private readonly VirtualClock _clock;
    private readonly INetBackend _backend;
    private readonly byte[] _defaultMac;
    private readonly byte[] _mac;
    private readonly byte[] _vlans = new byte[VlanBytes];
    private readonly byte[] _frame = new byte[FrameQueue.MaximumFrameBytes];
    private readonly byte[] _received = new byte[FrameQueue.MaximumFrameBytes];
    private readonly List<VirtioRequest> _buffers = [];
    private readonly VirtualTimer _announceTimer;
    private readonly List<byte[]> _macs = [];
    private readonly byte[] _modes = new byte[8];
    private ushort _status = StatusLinkUp;
    private int _firstMulti;
    private bool _multiOverflow;
    private bool _uniOverflow;
    private ulong _offloads;

    // Length of a frame that waits in _received for the driver to offer more buffers.
    private int _waitingBytes;
    private AnnounceSchedule _announce = new();
    private int _announcesDone;

    internal VirtioNet(BigLock bigLock, VirtualClock clock, GuestDma dma, VirtioNetOptions options)
        : base(
            "virtio-net",
            deviceId: 1,
            sectionVersion: 11,
            Features | VirtioConstants.FeatureAnyLayout,
            configBytes: 8,
            dma,
            [(uint)options.ReceiveQueueSize, 256, 64])
    {
        _bigLock = bigLock;
        _clock = clock;
        _backend = options.Backend;
        _defaultMac = [.. options.Mac];
        _mac = [.. options.Mac];
        _announceTimer = clock.CreateTimer(Announce);
        ResetFilters();
        _backend.FramesArrived += FramesArrived;
    }

    internal override ulong LegacyOnlyFeatures => base.LegacyOnlyFeatures | FeatureGso;

    private int FrameHeaderBytes =>
        (GuestFeatures & (FeatureMergeableBuffers | VirtioConstants.FeatureVersion1)) != 0 ? HeaderBytes : LegacyHeaderBytes;

    /// <summary>Tells the switches of the network where this card is now.</summary>
    /// <param name="schedule">How often and when.</param>
    public void AnnounceSelf(AnnounceSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        _announce = schedule;
        _announcesDone = 0;
        Announce();
    }

    internal override void Reset()
    {
        base.Reset();
        _waitingBytes = 0;
        _announceTimer.Disarm();
        _defaultMac.CopyTo(_mac, 0);
        _status = StatusLinkUp;
        ResetFilters();
    }

    internal override void Resume()
    {
        base.Resume();
        Receive();
    }

    internal override void SaveOwn(MigrationWriter writer, PeerProfile peer)
    {
        writer.Write(_mac);
        writer.WriteUInt32(0);
        writer.WriteUInt32((GuestFeatures & FeatureMergeableBuffers) != 0 ? 1u : 0);
        writer.WriteUInt16(_status);
        writer.Write(_modes.AsSpan(0, 2));
        writer.WriteUInt32((uint)_macs.Count);
        foreach (byte[] mac in _macs)
            writer.Write(mac);
        writer.Write(_vlans);
        writer.WriteUInt32(0);
        writer.WriteByte(_multiOverflow ? (byte)1 : (byte)0);
        writer.WriteByte(_uniOverflow ? (byte)1 : (byte)0);
        writer.Write(_modes.AsSpan(2, 4));
        writer.WriteByte(0);
        if ((GuestFeatures & FeatureGuestOffloads) != 0)
            writer.WriteUInt64(_offloads);
    }

    internal override void LoadOwn(MigrationReader reader)
    {
        reader.ReadExactly(_mac.AsSpan());
        reader.ReadUInt32();
        reader.ReadUInt32();
        _status = reader.ReadUInt16();
        reader.ReadExactly(_modes.AsSpan(0, 2));
        uint count = reader.ReadUInt32();
        _macs.Clear();
        if (count > MaximumMacs)
            throw reader.Error("virtio-net: too many MAC addresses", $"at most {MaximumMacs}", $"{count}");
        for (uint i = 0; i < count; i++)
        {
            var mac = new byte[MacBytes];
            reader.ReadExactly(mac.AsSpan());
            _macs.Add(mac);
        }

        reader.ReadExactly(_vlans.AsSpan());
        if (reader.ReadUInt32() != 0)
            throw reader.Error("virtio-net: saved image requires vnet_hdr=on");
        _multiOverflow = reader.ReadByte() != 0;
        _uniOverflow = reader.ReadByte() != 0;
        reader.ReadExactly(_modes.AsSpan(2, 4));
        if (reader.ReadByte() != 0)
            throw reader.Error("virtio-net: saved image requires TUN_F_UFO support");
        _firstMulti = _macs.FindIndex(m => (m[0] & 1) != 0);
        _firstMulti = _firstMulti < 0 ? _macs.Count : _firstMulti;
        if ((GuestFeatures & FeatureGuestOffloads) != 0)
            _offloads = reader.ReadUInt64();
    }

    private protected override void FillConfig(Span<byte> config)
    {
        _mac.CopyTo(config);
        BinaryPrimitives.WriteUInt16LittleEndian(config[MacBytes..], _status);
    }

    private protected override void ConfigWritten(ReadOnlySpan<byte> config)
    {
        if ((GuestFeatures & VirtioConstants.FeatureVersion1) == 0)
            config[..MacBytes].CopyTo(_mac);
    }

    private protected override void HandleQueue(Virtqueue queue)
    {
        switch (queue.Index)
        {
            case ReceiveQueue:
                Receive();
                break;
            case TransmitQueue:
                Transmit(queue);
                break;
            case ControlQueue:
                Control(queue);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _backend.FramesArrived -= FramesArrived;
        base.Dispose(disposing);
    }

    private void ResetFilters()
    {
        Array.Clear(_modes);
        _modes[0] = 1;
        _macs.Clear();
        _firstMulti = 0;
        _multiOverflow = _uniOverflow = false;
        _offloads = 0;
        // Without the driver's word on VLANs, all of them pass.
        Array.Fill(_vlans, (byte)0xff);
    }

    private void Transmit(Virtqueue queue)
    {
        while (Pop(queue) is { } request)
        {
            ulong header = (ulong)FrameHeaderBytes;
            if (request.OutBytes > header && request.OutBytes - header <= (ulong)_frame.Length)
            {
                Span<byte> frame = _frame.AsSpan(0, (int)(request.OutBytes - header));
                if (request.TryRead(Dma, header, frame))
                    _backend.Send(frame);
            }

            Push(queue, request, 0);
        }
    }

    private void FramesArrived(object? sender, EventArgs e)
    {
        using BigLock.Scope scope = _bigLock.EnterIfNeeded();
        Receive();
    }

    private void Receive()
    {
        Virtqueue queue = Queues[ReceiveQueue];
        if (!IsRunning || (Status & VirtioConstants.StatusDriverOk) == 0)
            return;
        while (!IsBroken && queue.HasAvailable)
        {
            if (_waitingBytes == 0)
                _waitingBytes = _backend.Receive(_received);
            if (_waitingBytes == 0)
                return;
            ReadOnlySpan<byte> frame = _received.AsSpan(0, _waitingBytes);
            if (Accepts(frame) && !TryDeliver(queue, frame))
                return;
            _waitingBytes = 0;
        }
    }

    /// <summary>
    /// Puts header and frame into the next buffers, one or, with mergeable buffers, as many as it takes; false when there will be enough later.
    /// A frame that never fits is dropped; its buffer comes back empty.
    /// </summary>
    private bool TryDeliver(Virtqueue queue, ReadOnlySpan<byte> frame)
    {
        bool isMergeable = (GuestFeatures & FeatureMergeableBuffers) != 0;
        int headerBytes = FrameHeaderBytes;
        int total = headerBytes + frame.Length;
        ulong room = 0;
        _buffers.Clear();
        while (room < (ulong)total && (isMergeable || _buffers.Count == 0) && Pop(queue) is { } request)
        {
            _buffers.Add(request);
            room += request.InBytes;
        }

        if (IsBroken || _buffers.Count == 0)
            return true;
        if (room < (ulong)total && isMergeable)
        {
            bool canGrow = queue.InUse < queue.Size;
            queue.Untake(_buffers.Count);
            return !canGrow;
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        if (headerBytes == HeaderBytes)
            BinaryPrimitives.WriteUInt16LittleEndian(header[10..], (ushort)_buffers.Count);
        bool fits = room >= (ulong)total && _buffers[0].InBytes >= (ulong)headerBytes && _buffers[0].TryWrite(Dma, 0, header[..headerBytes]);
        bool isPrepared = true;
        ulong offset = (ulong)headerBytes;
        for (int i = 0; i < _buffers.Count; i++)
        {
            VirtioRequest buffer = _buffers[i];
            int count = fits ? (int)Math.Min((ulong)frame.Length, buffer.InBytes - offset) : 0;
            fits = fits && buffer.TryWrite(Dma, offset, frame[..count]);
            frame = frame[count..];
            isPrepared &= queue.TryFill(i, buffer.Head, fits ? (uint)offset + (uint)count : 0);
            offset = 0;
        }

        FinishPush(queue, isPrepared, _buffers.Count);
        return true;
    }

    /// <summary>The filter that the driver has set up by control commands.</summary>
    private bool Accepts(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 14)
            return false;
        if (_modes[0] != 0)
            return true;
        ReadOnlySpan<byte> target = frame[..MacBytes];
        if (BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) == 0x8100 && frame.Length >= 18)
        {
            int vlan = BinaryPrimitives.ReadUInt16BigEndian(frame[14..]) & 0xfff;
            if ((_vlans[vlan / 8] & (1 << (vlan % 8))) == 0)
                return false;
        }

        if (target.IndexOfAnyExcept((byte)0xff) < 0)
            return _modes[5] == 0;
        bool isMulti = (target[0] & 1) != 0;
        if (isMulti)
        {
            if (_modes[3] != 0)
                return false;
            if (_modes[1] != 0 || _multiOverflow)
                return true;
        }
        else
        {
            if (_modes[4] != 0)
                return false;
            if (_modes[2] != 0 || _uniOverflow || target.SequenceEqual(_mac))
                return true;
        }

        for (int i = isMulti ? _firstMulti : 0; i < (isMulti ? _macs.Count : _firstMulti); i++)
        {
            if (target.SequenceEqual(_macs[i]))
                return true;
        }

        return false;
    }

    /// <summary>One round: by the driver if it knows how, and by a broadcast frame of our own.</summary>
    private void Announce()
    {
        if (_announcesDone >= _announce.Rounds)
            return;
        const ulong Needed = FeatureGuestAnnounce | FeatureControlQueue;
        if ((GuestFeatures & Needed) == Needed && (_status & StatusAnnounce) == 0)
        {
            _status |= StatusAnnounce;
            NotifyConfig();
        }

        Span<byte> frame = stackalloc byte[AnnounceFrameBytes];
        BuildAnnounceFrame(_mac, frame);
        _backend.Send(frame);
        if (++_announcesDone < _announce.Rounds)
            _announceTimer.Arm(_clock.NowNanoseconds + (_announce.GapAfter(_announcesDone) * 1_000_000));
    }

    /// <summary>A reverse ARP request about ourselves.</summary>
    private static void BuildAnnounceFrame(ReadOnlySpan<byte> mac, Span<byte> frame)
    {
        frame.Clear();
        frame[..MacBytes].Fill(0xff);
        mac.CopyTo(frame[MacBytes..]);
        ReadOnlySpan<byte> request = [0x80, 0x35, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x03];
        request.CopyTo(frame[12..]);
        mac.CopyTo(frame[22..]);
        mac.CopyTo(frame[32..]);
    }
}
