using System.Buffers.Binary;
using System.Text;
using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine;

/// <summary>The firmware configuration device: items that a guest selects by key and reads byte by byte, or by DMA.</summary>
/// <remarks>Section <c>fw_cfg</c> with its subsection <c>fw_cfg/dma</c>; registers in docs/formats/virt-sections.md.</remarks>
public sealed class FwCfg
{
    private const ushort SignatureKey = 0x0000;
    private const ushort InterfaceKey = 0x0001;
    private const ushort UuidKey = 0x0002;
    private const ushort CpuCountKey = 0x0005;
    private const ushort DirectoryKey = 0x0019;
    private const ushort FirstFileKey = 0x0020;
    private const ushort KeyMask = 0x3fff;
    private const int FileNameBytes = 56;
    private const int DescriptorBytes = 16;
    private const ulong DmaSignature = 0x51454d5520434647;

    private const uint ControlError = 1;
    private const uint ControlRead = 2;
    private const uint ControlSkip = 4;
    private const uint ControlSelect = 8;
    private const uint ControlWrite = 16;

    private static readonly VmStateDescription<FwCfg> _dmaState = new("fw_cfg/dma", version: 0)
    {
        Fields = [Field.UInt64<FwCfg>("dma_addr", f => ref f._dmaAddress)],
    };

    private static readonly VmStateDescription<FwCfg> _state = new("fw_cfg", version: 2, minimumVersion: 1)
    {
        Fields =
        [
            Field.UInt16<FwCfg>("cur_entry", f => ref f._selected),
            // Version 1 had 16 bits here.
            Field.UInt16<FwCfg>("cur_offset", f => (ushort)f._offset, (f, v) => f._offset = v, when: (_, version) => version == 1),
            Field.UInt32<FwCfg>("cur_offset", f => ref f._offset, since: 2),
        ],
        Subsections = [_dmaState],
    };

    // What lies behind an item reads as zeros, in pieces large enough that the memory's own speed decides.
    private static readonly byte[] _zeros = new byte[64 << 10];

    private readonly SortedDictionary<ushort, byte[]> _items = [];
    private readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly GuestDma _dma;
    private ushort _selected;
    private uint _offset;
    private ulong _dmaAddress;

    /// <summary>Creates the device with the items of a machine.</summary>
    /// <param name="dma">Guest memory.</param>
    /// <param name="cpuCount">Number of CPUs.</param>
    /// <param name="uuid">The machine's identity; zeros for none.</param>
    public FwCfg(GuestDma dma, int cpuCount, Guid uuid)
    {
        ArgumentNullException.ThrowIfNull(dma);
        _dma = dma;
        _items[SignatureKey] = "QEMU"u8.ToArray();
        _items[InterfaceKey] = [3, 0, 0, 0];
        _items[UuidKey] = uuid.ToByteArray(bigEndian: true);
        _items[CpuCountKey] = [(byte)cpuCount, (byte)(cpuCount >> 8)];
        AddFile("bios-geometry", []);
        AddFile("bootorder", []);
        AddFile("etc/boot-fail-wait", [0xff, 0xff, 0xff, 0xff]);
        DataRegisters = new RegisterBlock(ReadData, (_, _, _) => { });
        ControlRegisters = new RegisterBlock((_, _) => 0, (_, _, value) => Select((ushort)value));
        DmaRegisters = new RegisterBlock(ReadDma, WriteDma);
    }

    internal IMemoryRegionOperations DataRegisters { get; }

    internal IMemoryRegionOperations ControlRegisters { get; }

    internal IMemoryRegionOperations DmaRegisters { get; }

    /// <summary>Any width; bytes follow each other.</summary>
    internal static AccessConstraints DataAccess { get; } = new() { MaximumSizeBytes = 8, IsBigEndian = true };

    /// <summary>16 bits, big-endian.</summary>
    internal static AccessConstraints ControlAccess { get; } = new() { MinimumSizeBytes = 2, MaximumSizeBytes = 2, IsBigEndian = true };

    /// <summary>Up to 64 bits, big-endian.</summary>
    internal static AccessConstraints DmaAccess { get; } = new() { MaximumSizeBytes = 8, IsBigEndian = true };

    /// <summary>Adds a file; keys follow the order of the names.</summary>
    /// <param name="name">1 to 55 ASCII characters.</param>
    /// <param name="content">The bytes; kept, not copied.</param>
    public void AddFile(string name, byte[] content)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(content);
        if (Encoding.ASCII.GetByteCount(name) >= FileNameBytes)
            throw new ArgumentException($"A file name has at most {FileNameBytes - 1} characters.", nameof(name));
        _files[name] = content;
        BuildDirectory();
    }

    internal void Register(VmStateRegistry registry) => registry.Register(_state, this);

    internal void Reset()
    {
        _selected = 0;
        _offset = 0;
        _dmaAddress = 0;
    }

    private void BuildDirectory()
    {
        var directory = new byte[4 + (_files.Count * (8 + FileNameBytes))];
        BinaryPrimitives.WriteUInt32BigEndian(directory, (uint)_files.Count);
        Span<byte> entry = directory.AsSpan(4);
        ushort key = FirstFileKey;
        foreach ((string name, byte[] content) in _files)
        {
            _items[key] = content;
            BinaryPrimitives.WriteUInt32BigEndian(entry, (uint)content.Length);
            BinaryPrimitives.WriteUInt16BigEndian(entry[4..], key++);
            Encoding.ASCII.GetBytes(name, entry[8..]);
            entry = entry[(8 + FileNameBytes)..];
        }

        _items[DirectoryKey] = directory;
    }

    private ReadOnlySpan<byte> Remaining()
    {
        if (!_items.TryGetValue((ushort)(_selected & KeyMask), out byte[]? item))
            return [];
        return item.AsSpan((int)Math.Min(_offset, (uint)item.Length));
    }

    private void Select(ushort key)
    {
        _selected = key;
        _offset = 0;
    }

    private ulong ReadData(ulong offset, int sizeBytes)
    {
        ulong value = 0;
        for (int i = 0; i < sizeBytes; i++)
        {
            ReadOnlySpan<byte> rest = Remaining();
            value = (value << 8) | (rest.IsEmpty ? (byte)0 : rest[0]);
            if (!rest.IsEmpty)
                _offset++;
        }

        return value;
    }

    private static ulong ReadDma(ulong offset, int sizeBytes) =>
        DmaSignature >> (int)(8 * (8 - offset - (ulong)sizeBytes)) & (sizeBytes == 8 ? ulong.MaxValue : (1UL << (8 * sizeBytes)) - 1);

    private void WriteDma(ulong offset, int sizeBytes, ulong value)
    {
        switch (offset, sizeBytes)
        {
            case (0, 4):
                _dmaAddress = value << 32;
                break;
            case (4, 4):
                _dmaAddress |= (uint)value;
                Transfer();
                break;
            case (0, 8):
                _dmaAddress = value;
                Transfer();
                break;
        }
    }

    private void Transfer()
    {
        ulong at = _dmaAddress;
        _dmaAddress = 0;
        Span<byte> descriptor = stackalloc byte[DescriptorBytes];
        Span<byte> status = stackalloc byte[4];
        if (!_dma.TryRead(at, descriptor))
        {
            BinaryPrimitives.WriteUInt32BigEndian(status, ControlError);
            _dma.TryWrite(at, status);
            return;
        }

        uint control = BinaryPrimitives.ReadUInt32BigEndian(descriptor);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(descriptor[4..]);
        ulong address = BinaryPrimitives.ReadUInt64BigEndian(descriptor[8..]);
        if ((control & ControlSelect) != 0)
            Select((ushort)(control >> 16));

        bool succeeded = true;
        if ((control & ControlRead) != 0)
            succeeded = ReadTo(address, length);
        else if ((control & ControlWrite) != 0)
            succeeded = false;
        else if ((control & ControlSkip) != 0)
            Skip(length);
        BinaryPrimitives.WriteUInt32BigEndian(status, succeeded ? 0 : ControlError);
        _dma.TryWrite(at, status);
    }

    private void Skip(uint length) => _offset += Math.Min(length, (uint)Remaining().Length);

    /// <summary>The item's bytes, then zeros up to the length asked for.</summary>
    private bool ReadTo(ulong address, uint length)
    {
        if (!_dma.IsMemory(address, length, isWrite: true))
            return false;

        ReadOnlySpan<byte> rest = Remaining();
        int count = (int)Math.Min(length, (uint)rest.Length);
        bool succeeded = _dma.TryWrite(address, rest[..count]);
        _offset += (uint)count;
        ReadOnlySpan<byte> zeros = _zeros;
        for (ulong done = (ulong)count; done < length && succeeded; done += (ulong)zeros.Length)
            succeeded = _dma.TryWrite(address + done, zeros[..(int)Math.Min((ulong)zeros.Length, length - done)]);
        return succeeded;
    }
}
