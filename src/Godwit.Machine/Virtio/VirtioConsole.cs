using System.Buffers.Binary;
using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine;

/// <summary>The serial device with one console on port 0. Section <c>virtio-console</c>.</summary>
public sealed class VirtioConsole : VirtioDevice
{
    private const int PortCount = 31;
    private const int QueueCount = 2 * (PortCount + 1);
    private const int ReceiveQueue = 0;
    private const int ControlInQueue = 2;
    private const int ControlOutQueue = 3;
    private const ulong FeatureMultiport = 1UL << 1;
    private const ulong FeatureEmergencyWrite = 1UL << 2;
    private const int LargestTransferBytes = 4096;
    private const int MaximumQueuedControls = 64;

    private const ushort EventDeviceReady = 0;
    private const ushort EventAdd = 1;
    private const ushort EventPortReady = 3;
    private const ushort EventConsolePort = 4;
    private const ushort EventOpen = 6;

    private readonly BigLock _bigLock;
    private readonly ICharBackend _backend;
    private readonly Queue<(ushort Event, ushort Value)> _controls = new();
    private bool _isGuestConnected;
    private bool _isHostConnected = true;

    internal VirtioConsole(BigLock bigLock, GuestDma dma, ICharBackend backend)
        : base(
            "virtio-console",
            deviceId: 3,
            sectionVersion: 3,
            FeatureMultiport | FeatureEmergencyWrite | VirtioConstants.FeatureAnyLayout,
            configBytes: 12,
            dma,
            [128, 128, 32, 32, .. Enumerable.Repeat(128u, QueueCount - 4)])
    {
        _bigLock = bigLock;
        _backend = backend;
        backend.Changed += BackendChanged;
    }

    internal override void Reset()
    {
        base.Reset();
        _isGuestConnected = false;
        _controls.Clear();
    }

    internal override void Resume()
    {
        base.Resume();
        Receive();
    }

    internal override void SaveOwn(MigrationWriter writer, PeerProfile peer)
    {
        writer.WriteUInt16(0);
        writer.WriteUInt16(0);
        writer.WriteUInt32(PortCount);
        writer.WriteUInt32(1);
        writer.WriteUInt32(1);
        writer.WriteUInt32(0);
        writer.WriteByte(_isGuestConnected ? (byte)1 : (byte)0);
        writer.WriteByte(_isHostConnected ? (byte)1 : (byte)0);
        writer.WriteUInt32(0);
    }

    internal override void LoadOwn(MigrationReader reader)
    {
        reader.ReadUInt16();
        reader.ReadUInt16();
        Expect(reader, "max_nr_ports", PortCount, reader.ReadUInt32());
        Expect(reader, "ports_map", 1, reader.ReadUInt32());
        Expect(reader, "nr_active_ports", 1, reader.ReadUInt32());
        Expect(reader, "port id", 0, reader.ReadUInt32());
        _isGuestConnected = reader.ReadByte() != 0;
        _isHostConnected = reader.ReadByte() != 0;
        if (reader.ReadUInt32() != 0)
            VirtqueueElement.Load(reader, hasOffset: true);
    }

    private protected override void FillConfig(Span<byte> config)
    {
        config.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(config[4..], PortCount);
    }

    private protected override void ConfigWritten(ReadOnlySpan<byte> config)
    {
        // The emergency write: a character without any ring.
        if (config[8] != 0)
            _backend.Write(config.Slice(8, 1));
    }

    private protected override void HandleQueue(Virtqueue queue)
    {
        switch (queue.Index)
        {
            case ReceiveQueue:
                Receive();
                break;
            case ControlInQueue:
                SendControls();
                break;
            case ControlOutQueue:
                ReadControls(queue);
                break;
            default:
                if ((queue.Index & 1) != 0)
                    Transmit(queue);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _backend.Changed -= BackendChanged;
        base.Dispose(disposing);
    }

    private static void Expect(MigrationReader reader, string name, uint expected, uint found)
    {
        if (found != expected)
            throw reader.Error($"virtio-console: {name} differs", $"{expected}", $"{found}");
    }

    private void Transmit(Virtqueue queue)
    {
        Span<byte> bytes = stackalloc byte[LargestTransferBytes];
        while (Pop(queue) is { } request)
        {
            for (ulong done = 0; done < request.OutBytes;)
            {
                Span<byte> part = bytes[..(int)Math.Min(request.OutBytes - done, LargestTransferBytes)];
                if (!request.TryRead(Dma, done, part))
                    break;
                if (queue.Index == 1)
                    _backend.Write(part);
                done += (ulong)part.Length;
            }

            Push(queue, request, 0);
        }
    }

    private void ReadControls(Virtqueue queue)
    {
        Span<byte> record = stackalloc byte[8];
        while (Pop(queue) is { } request)
        {
            bool isRead = request.TryRead(Dma, 0, record);
            Push(queue, request, 0);
            if (isRead)
                HandleControl(BinaryPrimitives.ReadUInt32LittleEndian(record), BinaryPrimitives.ReadUInt16LittleEndian(record[4..]), BinaryPrimitives.ReadUInt16LittleEndian(record[6..]));
        }
    }

    private void HandleControl(uint port, ushort kind, ushort value)
    {
        switch (kind)
        {
            case EventDeviceReady when value != 0:
                Control(EventAdd, 1);
                break;
            case EventPortReady when port == 0 && value != 0:
                Control(EventConsolePort, 1);
                if (_isHostConnected)
                    Control(EventOpen, 1);
                break;
            case EventOpen when port == 0:
                _isGuestConnected = value != 0;
                Receive();
                break;
        }
    }

    private void Control(ushort kind, ushort value)
    {
        if (_controls.Count < MaximumQueuedControls)
            _controls.Enqueue((kind, value));
        SendControls();
    }

    private void SendControls()
    {
        Virtqueue queue = Queues[ControlInQueue];
        Span<byte> record = stackalloc byte[8];
        while (_controls.Count > 0 && Pop(queue) is { } request)
        {
            (ushort kind, ushort value) = _controls.Dequeue();
            record.Clear();
            BinaryPrimitives.WriteUInt16LittleEndian(record[4..], kind);
            BinaryPrimitives.WriteUInt16LittleEndian(record[6..], value);
            Push(queue, request, request.TryWrite(Dma, 0, record) ? (uint)record.Length : 0);
        }
    }

    private void BackendChanged(object? sender, EventArgs e)
    {
        using BigLock.Scope scope = _bigLock.EnterIfNeeded();
        Receive();
    }

    /// <summary>Bytes are taken from the back end only when there is a buffer for them, so that none is lost.</summary>
    private void Receive()
    {
        Virtqueue queue = Queues[ReceiveQueue];
        if (!IsRunning || !_isGuestConnected)
            return;
        Span<byte> bytes = stackalloc byte[LargestTransferBytes];
        while (!IsBroken && queue.HasAvailable)
        {
            int count = _backend.Read(bytes[..64]);
            if (count == 0 || Pop(queue) is not { } request)
                return;
            Push(queue, request, request.TryWrite(Dma, 0, bytes[..(int)Math.Min((ulong)count, request.InBytes)]) ? (uint)count : 0);
        }
    }
}
