using System.Numerics;
using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>One of the machine's eight slots for virtio devices: the registers between driver and device (docs/formats/virt-sections.md).</summary>
/// <remarks>An empty slot says so and ignores everything else.</remarks>
public sealed class VirtioMmioTransport
{
    private const uint Magic = 0x7472_6976;
    private const uint Vendor = 0x554d_4551;
    private const uint LegacyVersion = 1;
    private const uint ModernVersion = 2;
    private const ulong ConfigOffset = 0x100;

    private readonly bool _isLegacy;

    /// <summary>Creates an empty slot.</summary>
    /// <param name="isLegacy">Version 1 of the register set instead of version 2.</param>
    public VirtioMmioTransport(bool isLegacy = true)
    {
        _isLegacy = isLegacy;
        Registers = new RegisterBlock(Read, Write);
        Extra = [.. Enumerable.Range(0, VirtioConstants.MaximumQueues).Select(_ => new ModernQueue())];
    }

    /// <summary>The device in the slot, or null.</summary>
    public VirtioDevice? Device { get; private set; }

    internal IMemoryRegionOperations Registers { get; }

    /// <summary>Registers are 32 bits wide, but other accesses do not trap.</summary>
    internal static AccessConstraints Access { get; } = new() { MaximumSizeBytes = 8, AllowsUnaligned = true };

    internal uint HostFeaturesSelect;

    internal uint GuestFeaturesSelect;

    internal uint GuestPageShift;

    /// <summary>Feature words as a modern driver writes them, before it says that it is done.</summary>
    internal uint[] ModernFeatures { get; } = new uint[2];

    internal ModernQueue[] Extra { get; }

    internal bool IsModern => !_isLegacy;

    internal void Plug(VirtioDevice device, Action<bool> interrupt)
    {
        Device = device;
        device.SetInterrupt = interrupt;
        device.IsModern = !_isLegacy;
    }

    internal void Reset()
    {
        HostFeaturesSelect = GuestFeaturesSelect = GuestPageShift = 0;
        ResetModern();
        Device?.Reset();
    }

    private void ResetModern()
    {
        if (_isLegacy)
            return;
        Array.Clear(ModernFeatures);
        foreach (ModernQueue queue in Extra)
            queue.Clear();
    }

    private ulong Read(ulong offset, int sizeBytes)
    {
        if (Device is null)
        {
            return (offset, sizeBytes) switch
            {
                (0x00, 4) => Magic,
                (0x04, 4) => _isLegacy ? LegacyVersion : ModernVersion,
                (0x0c, 4) => Vendor,
                _ => 0,
            };
        }

        if (offset >= ConfigOffset)
            return sizeBytes == 8 ? 0 : Device.ReadConfig(offset - ConfigOffset, sizeBytes);
        return sizeBytes == 4 ? ReadRegister(Device, offset) : 0;
    }

    private uint ReadRegister(VirtioDevice device, ulong offset) => offset switch
    {
        0x000 => Magic,
        0x004 => _isLegacy ? LegacyVersion : ModernVersion,
        0x008 => device.DeviceId,
        0x00c => Vendor,
        0x010 => ReadHostFeatures(device),
        0x034 => Selected(device) is { } queue && queue.DefaultSize != 0 ? QueueMaximum(queue) : 0,
        0x040 when _isLegacy => Selected(device) is { } queue ? (uint)(queue.Descriptors >> (int)GuestPageShift) : 0,
        0x044 when !_isLegacy => SelectedExtra(device) is { IsEnabled: true } ? 1u : 0,
        0x060 => device.Isr,
        0x070 => device.Status,
        0x0b0 or 0x0b4 when !_isLegacy => uint.MaxValue,
        _ => 0,
    };

    private uint ReadHostFeatures(VirtioDevice device)
    {
        if (_isLegacy)
            return HostFeaturesSelect == 0 ? (uint)device.HostFeatures : 0;
        ulong offered = device.HostFeatures & ~device.LegacyOnlyFeatures;
        return HostFeaturesSelect == 0 ? (uint)offered : (uint)(offered >> 32);
    }

    // QEMU 10.0 offers 1024 for every ring. A guest that took them could never go on to 11.1, which refuses a ring larger than its device has.
    private static uint QueueMaximum(Virtqueue queue) => queue.DefaultSize;

    private static Virtqueue? Selected(VirtioDevice device) => device.SelectedQueue < device.Queues.Length ? device.Queues[device.SelectedQueue] : null;

    private ModernQueue? SelectedExtra(VirtioDevice device) => device.SelectedQueue < device.Queues.Length ? Extra[device.SelectedQueue] : null;

    private void Write(ulong offset, int sizeBytes, ulong value)
    {
        if (Device is null)
            return;
        if (offset >= ConfigOffset)
        {
            if (sizeBytes <= 4)
                Device.WriteConfig(offset - ConfigOffset, sizeBytes, value);
        }
        else if (sizeBytes == 4)
        {
            WriteRegister(Device, offset, (uint)value);
        }
    }

    private void WriteRegister(VirtioDevice device, ulong offset, uint value)
    {
        switch (offset)
        {
            case 0x014:
                HostFeaturesSelect = value == 0 ? 0u : 1;
                break;
            case 0x020:
                WriteGuestFeatures(device, value);
                break;
            case 0x024:
                GuestFeaturesSelect = value == 0 ? 0u : 1;
                break;
            case 0x028 when _isLegacy:
                GuestPageShift = value == 0 ? 0 : (uint)BitOperations.TrailingZeroCount(value);
                break;
            case 0x030:
                if (value < VirtioConstants.MaximumQueues)
                    device.SelectedQueue = (ushort)value;
                break;
            case 0x050:
                if (value < (uint)device.Queues.Length)
                    device.Notify((int)value);
                break;
            case 0x064:
                device.Isr &= (byte)~value;
                break;
            case 0x070:
                WriteStatus(device, (byte)value);
                break;
            default:
                if (Selected(device) is { } queue)
                    WriteQueue(device, queue, offset, value);
                break;
        }
    }

    private void WriteGuestFeatures(VirtioDevice device, uint value)
    {
        if (!_isLegacy)
            ModernFeatures[GuestFeaturesSelect] = value;
        else if (GuestFeaturesSelect == 0)
            device.GuestFeatures = value & device.HostFeatures;
    }

    private void WriteStatus(VirtioDevice device, byte value)
    {
        if (!_isLegacy && (value & VirtioConstants.StatusFeaturesOk) != 0 && (device.Status & VirtioConstants.StatusFeaturesOk) == 0)
        {
            ulong wanted = ModernFeatures[0] | ((ulong)ModernFeatures[1] << 32);
            if ((wanted & ~(device.HostFeatures & ~device.LegacyOnlyFeatures)) != 0)
                value &= unchecked((byte)~VirtioConstants.StatusFeaturesOk);
            else
                device.GuestFeatures = wanted;
        }

        device.WriteStatus(value);
        if (value == 0)
            ResetModern();
    }

    private void WriteQueue(VirtioDevice device, Virtqueue queue, ulong offset, uint value)
    {
        ModernQueue extra = Extra[queue.Index];
        switch (offset)
        {
            case 0x038 when queue.DefaultSize != 0 && value is > 0 and <= VirtioConstants.MaximumRingEntries:
                if (_isLegacy)
                {
                    queue.Size = value;
                    queue.SetLegacyAddress(queue.Descriptors);
                }
                else
                {
                    extra.Size = (ushort)value;
                }

                break;
            case 0x03c when _isLegacy && BitOperations.IsPow2(value):
                queue.Alignment = value;
                break;
            case 0x040 when _isLegacy:
                if (value == 0)
                    device.Reset();
                else
                    queue.SetLegacyAddress((ulong)value << (int)(GuestPageShift & 63));
                break;
            case 0x044 when !_isLegacy:
                extra.IsEnabled = value != 0;
                if (extra.IsEnabled)
                    extra.ApplyTo(queue);
                break;
            case 0x080 or 0x084 or 0x090 or 0x094 or 0x0a0 or 0x0a4 when !_isLegacy:
                extra.Addresses[((int)(offset >> 4) & 3) switch { 0 => 0, 1 => 2, _ => 4 } + ((offset & 4) == 0 ? 0 : 1)] = value;
                break;
        }
    }

    /// <summary>What a modern driver has written about a queue before it declares it ready.</summary>
    internal sealed class ModernQueue
    {
        public ushort Size;

        public bool IsEnabled;

        /// <summary>Descriptors, avail, used; each low word first.</summary>
        public uint[] Addresses { get; } = new uint[6];

        public void Clear()
        {
            Size = 0;
            IsEnabled = false;
            Array.Clear(Addresses);
        }

        public void ApplyTo(Virtqueue queue)
        {
            if (Size != 0)
                queue.Size = Size;
            queue.Descriptors = Address(0);
            queue.Avail = Address(2);
            queue.Used = Address(4);
        }

        private ulong Address(int index) => Addresses[index] | ((ulong)Addresses[index + 1] << 32);
    }
}
