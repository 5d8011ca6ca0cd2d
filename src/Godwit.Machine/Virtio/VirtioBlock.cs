using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Godwit.Memory;
using Godwit.Native;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine;

/// <summary>A disk over a raw file. Section <c>virtio-blk</c>.</summary>
/// <remarks>
/// Requests are taken under the big lock and carried out by a thread of the device without it. <see cref="Pause"/> waits for that thread, so a
/// saved device has nothing in flight, except requests that the error policy holds back, which travel with the section and are tried again.
/// <see cref="Reset"/> does not wait: from then on the request in hand neither reads nor writes guest memory.
/// </remarks>
public sealed partial class VirtioBlock : VirtioDevice
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

    private readonly BigLock _bigLock;
    private readonly FlushOnceDiskImage _image;
    private readonly VirtioBlockOptions _options;
    private readonly object _gate = new();
    private readonly Queue<VirtioRequest> _waiting = new();
    private readonly List<VirtioRequest> _held = [];
    private readonly Thread _worker;
    private readonly byte[] _buffer = new byte[LargestPieceBytes];
    private bool _isBusy;
    private bool _isEnding;
    private uint _generation;
    private uint _generationInHand;
    private uint _typeInHand;
    private byte _writeback = 1;

    internal VirtioBlock(BigLock bigLock, GuestDma dma, VirtioBlockOptions options, IDiskImage image)
        : base("virtio-blk", deviceId: 2, sectionVersion: 2, Features | (image.IsReadOnly ? FeatureReadOnly : 0), configBytes: 57, dma, [(uint)options.QueueSize])
    {
        _bigLock = bigLock;
        _options = options;
        _image = new FlushOnceDiskImage(image);
        _worker = new Thread(Work) { IsBackground = true, Name = "virtio-blk" };
        _worker.Start();
    }

    /// <summary>Raised under the big lock on the device's thread when the host failed a request.</summary>
    public event EventHandler<DiskErrorEventArgs>? Failed;

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

    internal override void PrepareToPause() => FlushForHandOver();

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
        BinaryPrimitives.WriteUInt32LittleEndian(config[12..], (uint)_options.QueueSize - 2);
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
            lock (_gate)
            {
                _isBusy = false;
                Monitor.PulseAll(_gate);
                while (!_isEnding && _waiting.Count == 0)
                    Monitor.Wait(_gate);
                if (_isEnding)
                    return;
                request = _waiting.Dequeue();
                _generationInHand = _generation;
                _isBusy = true;
            }

            Exception? failure = null;
            (byte status, uint written) = (StatusIoError, 0u);
            try
            {
                (status, written) = CarryOut(request);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failure = e;
            }

            using BigLock.Scope scope = _bigLock.Enter();
            if (_generationInHand != _generation)
                continue;
            if (failure is null)
                Complete(request, status, written);
            else
                Fail(request, failure);
        }
    }

    /// <summary>Does with a request that failed on the host what the policy says, and reports it.</summary>
    private void Fail(VirtioRequest request, Exception failure)
    {
        bool isWrite = _typeInHand != TypeIn;
        bool isNoSpace = failure.HResult == Errno.ENOSPC;
        DiskErrorAction action = isWrite ? _options.WriteErrors : _options.ReadErrors;
        if (action == DiskErrorAction.StopOnNoSpace)
            action = isNoSpace ? DiskErrorAction.Stop : DiskErrorAction.Report;
        if (action == DiskErrorAction.Stop)
        {
            lock (_gate)
                _held.Add(request);
        }

        bool saysNoSpace = _options.WriteErrors is (DiskErrorAction.Stop or DiskErrorAction.StopOnNoSpace)
            && _options.ReadErrors != DiskErrorAction.Ignore;
        Failed?.Invoke(this, new DiskErrorEventArgs(_options.Id, _options.DriveId, isWrite, action, saysNoSpace ? isNoSpace : null, Describe(failure)));
        if (action != DiskErrorAction.Stop)
            Complete(request, action == DiskErrorAction.Ignore ? StatusOk : StatusIoError, 0);
    }

    private static string Describe(Exception failure) =>
        failure.HResult is > 0 and < 4096 ? Marshal.GetPInvokeErrorMessage(failure.HResult) : failure.Message;

    private void Complete(VirtioRequest request, byte status, uint written)
    {
        if (request.InBytes > 0)
            request.TryWrite(Dma, request.InBytes - 1, [status]);
        Push(Queues[0], request, written + 1);
    }
}
