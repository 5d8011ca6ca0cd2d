using System.Buffers.Binary;
using System.Text;
using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine;

/// <summary>A disk over a raw file. Section <c>virtio-blk</c>.</summary>
/// <remarks>
/// Requests are taken under the big lock and carried out by a thread of the device without it. <see cref="Pause"/> waits for that thread, so a
/// saved device has nothing in flight, except requests that the error policy holds back, which travel with the section and are tried again.
/// </remarks>
public sealed class VirtioBlock : VirtioDevice
{
    private const int SectorBytes = 512;
    private const int SerialBytes = 20;
    private const uint MaximumSectors = 0x3fffff;
    private const int LargestPieceBytes = 1 << 20;

    private const ulong FeatureSegmentMaximum = 1UL << 2;
    private const ulong FeatureGeometry = 1UL << 4;
    private const ulong FeatureReadOnly = 1UL << 5;
    private const ulong FeatureBlockSize = 1UL << 6;
    private const ulong FeatureScsi = 1UL << 7;
    private const ulong FeatureFlush = 1UL << 9;
    private const ulong FeatureTopology = 1UL << 10;
    private const ulong FeatureWritebackSwitch = 1UL << 11;
    private const ulong FeatureDiscard = 1UL << 13;
    private const ulong FeatureWriteZeroes = 1UL << 14;
    private const ulong Features = FeatureSegmentMaximum | FeatureGeometry | FeatureBlockSize | FeatureScsi | FeatureFlush | FeatureTopology
        | FeatureWritebackSwitch | FeatureDiscard | FeatureWriteZeroes;

    private const uint TypeIn = 0;
    private const uint TypeOut = 1;
    private const uint TypeFlush = 4;
    private const uint TypeGetId = 8;
    private const uint TypeDiscard = 11;
    private const uint TypeWriteZeroes = 13;

    private const byte StatusOk = 0;
    private const byte StatusIoError = 1;
    private const byte StatusUnsupported = 2;

    private readonly BigLock _bigLock;
    private readonly IDiskImage _image;
    private readonly VirtioBlockOptions _options;
    private readonly object _gate = new();
    private readonly Queue<VirtioRequest> _waiting = new();
    private readonly List<VirtioRequest> _held = [];
    private readonly Thread _worker;
    private readonly byte[] _buffer = new byte[LargestPieceBytes];
    private bool _isBusy;
    private bool _isEnding;
    private uint _generation;
    private byte _writeback = 1;

    internal VirtioBlock(BigLock bigLock, GuestDma dma, VirtioBlockOptions options, IDiskImage image)
        : base("virtio-blk", deviceId: 2, sectionVersion: 2, Features | (image.IsReadOnly ? FeatureReadOnly : 0), configBytes: 57, dma, [256])
    {
        _bigLock = bigLock;
        _options = options;
        _image = image;
        _worker = new Thread(Work) { IsBackground = true, Name = "virtio-blk" };
        _worker.Start();
    }

    /// <summary>Raised under the big lock when a request failed and the error policy says to stop the machine.</summary>
    public event EventHandler? StopRequested;

    internal override ulong LegacyOnlyFeatures => VirtioConstants.FeatureNotifyOnEmpty | FeatureScsi;

    internal override void Reset()
    {
        lock (_gate)
        {
            // What the worker has in hand belongs to rings that are gone; its answer is dropped.
            _generation++;
            _waiting.Clear();
            _held.Clear();
        }

        base.Reset();
        _writeback = 1;
    }

    internal override void Pause()
    {
        base.Pause();
        lock (_gate)
        {
            while (_isBusy || _waiting.Count > 0)
                Monitor.Wait(_gate);
        }

        FlushForHandOver();
    }

    /// <summary>Whoever runs the guest next, perhaps on another host, reads the image and not this host's cache of it.</summary>
    private void FlushForHandOver()
    {
        if (_image.IsReadOnly)
            return;
        try
        {
            _image.Flush();
        }
        catch (IOException)
        {
            // The guest learns of a failing disk from its own flushes; stopping the machine must not fail for it.
        }
    }

    internal override void Resume()
    {
        lock (_gate)
        {
            foreach (VirtioRequest request in _held)
                _waiting.Enqueue(request);
            _held.Clear();
            Monitor.PulseAll(_gate);
        }

        base.Resume();
    }

    internal override void SaveOwn(MigrationWriter writer, PeerProfile peer)
    {
        lock (_gate)
        {
            foreach (VirtioRequest request in _held)
            {
                writer.WriteByte(1);
                VirtqueueElement.Save(writer, request);
            }
        }

        writer.WriteByte(0);
    }

    internal override void LoadOwn(MigrationReader reader)
    {
        byte more;
        while ((more = reader.ReadByte()) != 0)
        {
            if (more != 1 || _held.Count >= VirtioConstants.MaximumRingEntries)
                throw reader.Error("virtio-blk: list of requests in flight", "0 or 1, at most 1024 times", $"{more} after {_held.Count}");
            _held.Add(VirtqueueElement.Load(reader));
        }
    }

    private protected override void HandleQueue(Virtqueue queue)
    {
        while (Pop(queue) is { } request)
        {
            lock (_gate)
            {
                _waiting.Enqueue(request);
                Monitor.PulseAll(_gate);
            }
        }
    }

    private protected override void ConfigWritten(ReadOnlySpan<byte> config) => _writeback = (byte)(config[32] & 1);

    private protected override void FillConfig(Span<byte> config)
    {
        config.Clear();
        ulong sectors = (ulong)_image.LengthBytes / SectorBytes;
        BinaryPrimitives.WriteUInt64LittleEndian(config, sectors);
        BinaryPrimitives.WriteUInt32LittleEndian(config[12..], 254);
        BinaryPrimitives.WriteUInt16LittleEndian(config[16..], (ushort)Math.Clamp(sectors / 1008, 2, 16383));
        config[18] = 16;
        config[19] = 63;
        BinaryPrimitives.WriteUInt32LittleEndian(config[20..], SectorBytes);
        config[32] = _writeback;
        BinaryPrimitives.WriteUInt16LittleEndian(config[34..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(config[36..], MaximumSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(config[40..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(config[44..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(config[48..], MaximumSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(config[52..], 1);
        config[56] = 1;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.PulseAll(_gate);
        }

        _worker.Join();
        _image.Dispose();
        base.Dispose(disposing);
    }

    private void Work()
    {
        while (true)
        {
            VirtioRequest request;
            uint generation;
            lock (_gate)
            {
                _isBusy = false;
                Monitor.PulseAll(_gate);
                while (!_isEnding && _waiting.Count == 0)
                    Monitor.Wait(_gate);
                if (_isEnding)
                    return;
                request = _waiting.Dequeue();
                generation = _generation;
                _isBusy = true;
            }

            (byte status, uint written) = CarryOut(request);
            using BigLock.Scope scope = _bigLock.Enter();
            if (generation != _generation)
                continue;
            if (status == StatusIoError && _options.StopOnError)
                Hold(request);
            else
                Complete(request, status, written);
        }
    }

    private void Hold(VirtioRequest request)
    {
        lock (_gate)
            _held.Add(request);
        StopRequested?.Invoke(this, EventArgs.Empty);
    }

    private void Complete(VirtioRequest request, byte status, uint written)
    {
        if (request.InBytes > 0)
            request.TryWrite(Dma, request.InBytes - 1, [status]);
        Push(Queues[0], request, written + 1);
    }

    private (byte Status, uint Written) CarryOut(VirtioRequest request)
    {
        Span<byte> header = stackalloc byte[16];
        if (request.InBytes == 0 || !request.TryRead(Dma, 0, header))
            return (StatusUnsupported, 0);

        uint type = BinaryPrimitives.ReadUInt32LittleEndian(header);
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        try
        {
            switch (type)
            {
                case TypeIn:
                    return Transfer(request, sector, request.InBytes - 1, isWrite: false);
                case TypeOut:
                    (byte status, uint written) = Transfer(request, sector, request.OutBytes - 16, isWrite: true);
                    if (status == StatusOk && _writeback == 0)
                        _image.Flush();
                    return (status, written);
                case TypeFlush:
                    _image.Flush();
                    return (StatusOk, 0);
                case TypeGetId:
                    return GetId(request);
                case TypeDiscard or TypeWriteZeroes:
                    return (Discard(request, type == TypeWriteZeroes), 0);
                default:
                    return (StatusUnsupported, 0);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (StatusIoError, 0);
        }
    }

    private (byte Status, uint Written) Transfer(VirtioRequest request, ulong sector, ulong count, bool isWrite)
    {
        if (count % SectorBytes != 0 || !IsInside(sector, count / SectorBytes) || (isWrite && _image.IsReadOnly))
            return (StatusIoError, 0);
        long position = (long)(sector * SectorBytes);
        for (ulong done = 0; done < count;)
        {
            Span<byte> piece = _buffer.AsSpan(0, (int)Math.Min(count - done, LargestPieceBytes));
            if (isWrite)
            {
                if (!request.TryRead(Dma, 16 + done, piece))
                    return (StatusIoError, 0);
                _image.Write(position, piece);
            }
            else
            {
                _image.Read(position, piece);
                if (!request.TryWrite(Dma, done, piece))
                    return (StatusIoError, 0);
            }

            done += (ulong)piece.Length;
            position += piece.Length;
        }

        return (StatusOk, isWrite ? 0 : (uint)count);
    }

    private (byte Status, uint Written) GetId(VirtioRequest request)
    {
        Span<byte> id = stackalloc byte[SerialBytes];
        id.Clear();
        Encoding.ASCII.GetBytes(_options.Serial.AsSpan(0, Math.Min(_options.Serial.Length, SerialBytes)), id);
        Span<byte> part = id[..(int)Math.Min(SerialBytes, request.InBytes - 1)];
        return request.TryWrite(Dma, 0, part) ? (StatusOk, (uint)part.Length) : (StatusIoError, 0);
    }

    private byte Discard(VirtioRequest request, bool isWriteZeroes)
    {
        Span<byte> range = stackalloc byte[16];
        if (request.OutBytes != 32 || !request.TryRead(Dma, 16, range))
            return StatusUnsupported;
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(range);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(range[8..]);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(range[12..]);
        if ((flags & ~1u) != 0 || (!isWriteZeroes && flags != 0))
            return StatusUnsupported;
        if (count > MaximumSectors || !IsInside(sector, count) || _image.IsReadOnly)
            return StatusIoError;
        _image.Zero((long)(sector * SectorBytes), (long)count * SectorBytes, mayUnmap: !isWriteZeroes || flags != 0);
        return StatusOk;
    }

    private bool IsInside(ulong sector, ulong count)
    {
        ulong sectors = (ulong)_image.LengthBytes / SectorBytes;
        return sector <= sectors && count <= sectors - sector;
    }
}
