using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine;

/// <summary>The section of a virtio device on a memory-mapped transport (docs/formats/virt-sections.md, "virtio").</summary>
/// <remarks>
/// The section is one field to its description: fixed head, configuration, queues, the device's own part, then subsections named
/// <c>virtio/…</c>, which are descriptions again.
/// </remarks>
internal sealed class VirtioState
{
    /// <summary>Configuration longer than this is refused before it is read.</summary>
    private const uint MaximumConfigBytes = 4096;

    private static readonly VmStateDescription<VirtioMmioTransport> _features64 = new("virtio/64bit_features", version: 1, minimumVersion: 1)
    {
        Needed = t => t.Device!.HostFeatures > uint.MaxValue,
        Fields = [Field.UInt64<VirtioMmioTransport>("guest_features", t => t.Device!.GuestFeatures, (t, v) => t.Device!.GuestFeatures = v)],
    };

    private static readonly VmStateDescription<VirtioMmioTransport> _features128 = new("virtio/128bit_features", version: 1, minimumVersion: 1)
    {
        Needed = _ => false,
        Fields = [Field.UInt64<VirtioMmioTransport>("guest_features_ex", _ => 0, (_, v) => RefuseFeatures(v))],
    };

    private static readonly VmStateDescription<VirtioMmioTransport> _virtqueues = new("virtio/virtqueues", version: 1, minimumVersion: 1)
    {
        Needed = t => t.IsModern,
        Fields =
        [
            Field.CustomArray<VirtioMmioTransport>(
                "vdev.vq",
                "struct",
                (t, i, writer) =>
                {
                    Virtqueue? queue = QueueAt(t, i);
                    writer.WriteUInt64(queue?.Avail ?? 0);
                    writer.WriteUInt64(queue?.Used ?? 0);
                },
                (t, i, reader) =>
                {
                    ulong avail = reader.ReadUInt64();
                    ulong used = reader.ReadUInt64();
                    if (QueueAt(t, i) is { } queue)
                        (queue.Avail, queue.Used) = (avail, used);
                },
                _ => VirtioConstants.MaximumQueues,
                VirtioConstants.MaximumQueues),
        ],
    };

    private static readonly VmStateDescription<VirtioMmioTransport> _ringSize = RingSize(isWritten: true);

    private static readonly VmStateDescription<VirtioMmioTransport> _ringSizeReadOnly = RingSize(isWritten: false);

    private static readonly VmStateDescription<VirtioMmioTransport> _broken = new("virtio/broken", version: 1, minimumVersion: 1)
    {
        Needed = t => t.Device!.IsBroken,
        Fields = [Field.Bool<VirtioMmioTransport>("broken", t => t.Device!.IsBroken, (t, v) => t.Device!.IsBroken = v)],
    };

    private static readonly VmStateDescription<VirtioMmioTransport> _mmioState = new("virtio_mmio/state", version: 1, minimumVersion: 1)
    {
        Fields =
        [
            Field.UInt32Array<VirtioMmioTransport>("guest_features", t => t.ModernFeatures),
            Field.StructArray<VirtioMmioTransport, VirtioMmioTransport.ModernQueue>("vqs", t => t.Extra, ModernQueueState.Value),
        ],
    };

    private static readonly VmStateDescription<VirtioMmioTransport> _mmio = new("virtio_mmio", version: 1, minimumVersion: 1)
    {
        Subsections = [_mmioState],
    };

    private static readonly VmStateDescription<VirtioMmioTransport> _extraState = new("virtio/extra_state", version: 1, minimumVersion: 1)
    {
        Needed = t => t.IsModern,
        Fields =
        [
            Field.Custom<VirtioMmioTransport>(
                "extra_state",
                "virtio extra state",
                (t, writer) => VmStateCodec.Save(_mmio, t, writer, null, PeerProfile.Default),
                (t, reader) => VmStateCodec.Load(_mmio, t, reader, 1, PeerProfile.Default)),
        ],
    };

    private static readonly VmStateDescription<VirtioMmioTransport> _started = new("virtio/started", version: 1, minimumVersion: 1)
    {
        Needed = t => t.Device!.IsStarted,
        Fields = [Field.Bool<VirtioMmioTransport>("started", t => t.Device!.IsStarted, (t, v) => t.Device!.IsStarted = v)],
    };

    private static readonly VmStateDescription<VirtioMmioTransport> _disabled = new("virtio/disabled", version: 1, minimumVersion: 1)
    {
        Needed = t => t.Device!.IsDisabled,
        Fields = [Field.Bool<VirtioMmioTransport>("disabled", t => t.Device!.IsDisabled, (t, v) => t.Device!.IsDisabled = v)],
    };

    private static readonly VmStateDescription<VirtioMmioTransport> _tail10 = Tail(_ringSize);

    private static readonly VmStateDescription<VirtioMmioTransport> _tail11 = Tail(_ringSizeReadOnly);

    private readonly VirtioMmioTransport _transport;
    private readonly VmStateDescription<VirtioMmioTransport> _description10;
    private readonly VmStateDescription<VirtioMmioTransport> _description11;

    public VirtioState(VirtioMmioTransport transport)
    {
        _transport = transport;
        _description10 = Describe(PeerProfile.Qemu10_0, _tail10);
        _description11 = Describe(PeerProfile.Qemu11_1, _tail11);
    }

    private VirtioDevice Device => _transport.Device!;

    public void Register(VmStateRegistry registry, ulong address) => registry.RegisterVariants(
        peer => WritesRingSizes(peer) ? _description10 : _description11, [_description10], _transport, $"virtio-mmio@{address:x16}");

    private static bool WritesRingSizes(PeerProfile peer) => peer.Release < new Version(11, 0);

    private static Virtqueue? QueueAt(VirtioMmioTransport transport, int index) =>
        index < transport.Device!.Queues.Length ? transport.Device.Queues[index] : null;

    private static void RefuseFeatures(ulong features)
    {
        if (features != 0)
            throw new VmStateException("features beyond bit 63 are in use, which no device here has", "0", $"0x{features:x}");
    }

    private static VmStateDescription<VirtioMmioTransport> RingSize(bool isWritten) => new("virtio/ringsize", version: 1, minimumVersion: 1)
    {
        Needed = t => isWritten && t.Device!.Queues.Any(q => q.Size != q.DefaultSize),
        Fields =
        [
            Field.CustomArray<VirtioMmioTransport>(
                "vdev.vq",
                "struct",
                (t, i, writer) => writer.WriteUInt32(QueueAt(t, i)?.DefaultSize ?? 0),
                // The size that a reset goes back to is this device's own affair.
                (_, _, reader) => reader.ReadUInt32(),
                _ => VirtioConstants.MaximumQueues,
                VirtioConstants.MaximumQueues),
        ],
    };

    private static VmStateDescription<VirtioMmioTransport> Tail(VmStateDescription<VirtioMmioTransport> ringSize) => new("virtio", version: 1)
    {
        Subsections = [_features64, _features128, _virtqueues, ringSize, _broken, _extraState, _started, _disabled],
    };

    private VmStateDescription<VirtioMmioTransport> Describe(PeerProfile peer, VmStateDescription<VirtioMmioTransport> tail) =>
        new(Device.Name, Device.SectionVersion, Device.SectionVersion)
        {
            Fields = [Field.Custom<VirtioMmioTransport>("virtio", "virtio", (_, writer) => Save(writer, peer, tail), (_, reader) => Load(reader, tail))],
        };

    private void Save(MigrationWriter writer, PeerProfile peer, VmStateDescription<VirtioMmioTransport> tail)
    {
        writer.WriteUInt32(_transport.HostFeaturesSelect);
        writer.WriteUInt32(_transport.GuestFeaturesSelect);
        writer.WriteUInt32(_transport.GuestPageShift);
        writer.WriteByte(Device.Status);
        writer.WriteByte(Device.Isr);
        writer.WriteUInt16(Device.SelectedQueue);
        writer.WriteUInt32((uint)Device.GuestFeatures);
        writer.WriteUInt32((uint)Device.Config.Length);
        writer.Write(Device.Config);
        int count = Array.FindIndex(Device.Queues, q => q.Size == 0);
        ReadOnlySpan<Virtqueue> queues = count < 0 ? Device.Queues : Device.Queues.AsSpan(0, count);
        writer.WriteUInt32((uint)queues.Length);
        foreach (Virtqueue queue in queues)
        {
            writer.WriteUInt32(queue.Size);
            writer.WriteUInt32(queue.Alignment);
            writer.WriteUInt64(queue.Descriptors);
            writer.WriteUInt16(queue.LastAvailIndex);
        }

        Device.SaveOwn(writer, peer);
        VmStateCodec.Save(tail, _transport, writer, null, peer);
    }

    private void Load(MigrationReader reader, VmStateDescription<VirtioMmioTransport> tail)
    {
        ResetSilently();
        _transport.HostFeaturesSelect = reader.ReadUInt32() == 0 ? 0u : 1;
        _transport.GuestFeaturesSelect = reader.ReadUInt32() == 0 ? 0u : 1;
        _transport.GuestPageShift = reader.ReadUInt32();
        if (_transport.GuestPageShift > 63)
            throw reader.Error("guest page shift out of range", "0 to 63", _transport.GuestPageShift.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Device.Status = reader.ReadByte();
        byte isr = reader.ReadByte();
        Device.SelectedQueue = reader.ReadUInt16();
        if (Device.SelectedQueue >= VirtioConstants.MaximumQueues)
            throw reader.Error("selected queue out of range", "less than 1024", $"{Device.SelectedQueue}");
        Device.GuestFeatures = reader.ReadUInt32();
        LoadConfig(reader);
        LoadQueues(reader);
        Device.LoadOwn(reader);
        VmStateCodec.Load(tail, _transport, reader, 1, PeerProfile.Default);
        FinishLoad(reader, isr);
    }

    /// <summary>The interrupt controller has been loaded already: an interrupt that is pending there must not be taken back.</summary>
    private void ResetSilently()
    {
        Action<bool>? line = Device.SetInterrupt;
        Device.SetInterrupt = null;
        _transport.Reset();
        Device.SetInterrupt = line;
    }

    private void LoadConfig(MigrationReader reader)
    {
        uint length = reader.ReadUInt32();
        if (length > MaximumConfigBytes)
            throw reader.Error("configuration too long", $"at most {MaximumConfigBytes} bytes", $"{length}");
        var config = new byte[length];
        reader.ReadExactly(config);
        Device.LoadConfig(config);
    }

    private void LoadQueues(MigrationReader reader)
    {
        uint count = reader.ReadUInt32();
        if (count > (uint)Device.Queues.Length)
            throw reader.Error($"{Device.Name} has more queues than here", $"at most {Device.Queues.Length}", $"{count}");
        for (uint i = 0; i < count; i++)
        {
            Virtqueue queue = Device.Queues[i];
            queue.Size = reader.ReadUInt32();
            if (queue.Size > VirtioConstants.MaximumRingEntries)
                throw reader.Error($"size of queue {i} out of range", "at most 1024", $"{queue.Size}");
            queue.Alignment = reader.ReadUInt32();
            queue.SetLegacyAddress(reader.ReadUInt64());
            queue.LastAvailIndex = reader.ReadUInt16();
            if (queue.Descriptors == 0 && queue.LastAvailIndex != 0)
                throw reader.Error($"VQ {i} address 0x0 inconsistent with Host index 0x{queue.LastAvailIndex:x}");
        }
    }

    private void FinishLoad(MigrationReader reader, byte isr)
    {
        if ((Device.GuestFeatures & ~Device.HostFeatures) != 0)
            throw reader.Error($"Features 0x{Device.GuestFeatures:x} unsupported. Allowed features: 0x{Device.HostFeatures:x}");
        Device.SetIsrWithoutInterrupt(isr);
        foreach (Virtqueue queue in Device.Queues)
        {
            if (!queue.IsReady)
                continue;
            if (!queue.TryRestoreIndices(out ushort inUse))
                Device.IsBroken = true;
            else if (inUse > queue.Size)
                throw reader.Error($"VQ {queue.Index} size 0x{queue.Size:x} < last_avail_idx 0x{queue.LastAvailIndex:x} - used_idx 0x{queue.UsedIndex:x}");
            queue.InUse = inUse;
        }

        Device.Loaded();
    }

    /// <summary>The transport's record of a modern queue.</summary>
    private static class ModernQueueState
    {
        public static readonly VmStateDescription<VirtioMmioTransport.ModernQueue> Value = new("virtio_mmio/queue_state", version: 1, minimumVersion: 1)
        {
            Fields =
            [
                Field.UInt16<VirtioMmioTransport.ModernQueue>("num", q => ref q.Size),
                Field.Bool<VirtioMmioTransport.ModernQueue>("enabled", q => ref q.IsEnabled),
                Field.UInt32Array<VirtioMmioTransport.ModernQueue>("desc", q => q.Addresses.AsSpan(0, 2)),
                Field.UInt32Array<VirtioMmioTransport.ModernQueue>("avail", q => q.Addresses.AsSpan(2, 2)),
                Field.UInt32Array<VirtioMmioTransport.ModernQueue>("used", q => q.Addresses.AsSpan(4, 2)),
            ],
        };
    }
}
