using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Godwit.Memory;

/// <content>Reads and writes of guest-physical memory by device models and by the slow path of a CPU.</content>
public sealed partial class AddressSpace
{
    private const int LargestAccessBytes = 8;

    /// <summary>Reads bytes; what nobody answers for reads as zero.</summary>
    /// <returns>The first failure among the parts, or <see cref="MemoryTransactionResult.Ok"/>.</returns>
    public MemoryTransactionResult Read(GuestAddress address, Span<byte> destination)
    {
        var result = MemoryTransactionResult.Ok;
        while (!destination.IsEmpty)
        {
            var length = Part(address, destination.Length, out var view, out var range);
            var part = destination[..length];
            MemoryTransactionResult one;
            if (range is null)
            {
                part.Clear();
                one = MemoryTransactionResult.DecodeError;
            }
            else if (!range.ReadsMemory)
            {
                one = ReadDevice(range, OffsetOf(range, address), part, out length);
            }
            else if (ReadMemory(range, OffsetOf(range, address), part))
            {
                one = MemoryTransactionResult.Ok;
            }
            else
            {
                ThrowIfStillShown(view, range);
                continue;
            }
            result = First(result, one);
            destination = destination[length..];
            if (!TryAdvance(ref address, length, destination.Length))
            {
                destination.Clear();
                return First(result, MemoryTransactionResult.DecodeError);
            }
        }
        return result;
    }

    /// <summary>Writes bytes, then marks the pages dirty; writes to ROM are ignored.</summary>
    /// <returns>The first failure among the parts, or <see cref="MemoryTransactionResult.Ok"/>.</returns>
    public MemoryTransactionResult Write(GuestAddress address, ReadOnlySpan<byte> source) => Write(address, source, intoRom: false);

    /// <summary>Writes bytes as a loader does: into RAM, ROM and the memory of ROM devices alike; device registers are left alone.</summary>
    /// <returns>The first failure among the parts, or <see cref="MemoryTransactionResult.Ok"/>.</returns>
    public MemoryTransactionResult WriteRom(GuestAddress address, ReadOnlySpan<byte> source) => Write(address, source, intoRom: true);

    /// <summary>Reads a little-endian value of 1, 2, 4 or 8 bytes.</summary>
    /// <returns>How it ended; on a failure the value is 0 or what the device gave.</returns>
    public MemoryTransactionResult Read(GuestAddress address, int sizeBytes, out ulong value)
    {
        CheckSize(sizeBytes);
        var view = CurrentView;
        if (view.TryFind(address, out var range) && range.Last.Value - address.Value >= (ulong)(sizeBytes - 1))
        {
            var offset = OffsetOf(range, address);
            if (!range.ReadsMemory)
                return DeviceAccess.Read(System, range.Region, offset, sizeBytes, out value);
            if (ReadMemoryValue(range, offset, sizeBytes, out value))
                return MemoryTransactionResult.Ok;
        }
        Span<byte> bytes = stackalloc byte[LargestAccessBytes];
        bytes.Clear();
        var result = Read(address, bytes[..sizeBytes]);
        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return result;
    }

    /// <summary>Writes the low 1, 2, 4 or 8 bytes of a value, little-endian.</summary>
    public MemoryTransactionResult Write(GuestAddress address, int sizeBytes, ulong value)
    {
        CheckSize(sizeBytes);
        if (CurrentView.TryFind(address, out var range) && !range.WritesMemory && range.Region.Operations is not null
            && range.Last.Value - address.Value >= (ulong)(sizeBytes - 1))
        {
            return DeviceAccess.Write(System, range.Region, OffsetOf(range, address), sizeBytes, value);
        }
        Span<byte> bytes = stackalloc byte[LargestAccessBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Write(address, bytes[..sizeBytes], intoRom: false);
    }

    private MemoryTransactionResult Write(GuestAddress address, ReadOnlySpan<byte> source, bool intoRom)
    {
        var result = MemoryTransactionResult.Ok;
        while (!source.IsEmpty)
        {
            var length = Part(address, source.Length, out var view, out var range);
            var one = MemoryTransactionResult.Ok;
            if (range is null)
            {
                one = MemoryTransactionResult.DecodeError;
            }
            else if (range.WritesMemory || (intoRom && range.Region.RamBlock is not null))
            {
                if (!WriteMemory(range, OffsetOf(range, address), source[..length]))
                {
                    ThrowIfStillShown(view, range);
                    continue;
                }
            }
            else if (range.Region.Operations is not null && !intoRom)
            {
                one = WriteDevice(range, OffsetOf(range, address), source[..length], out length);
            }
            result = First(result, one);
            source = source[length..];
            if (!TryAdvance(ref address, length, source.Length))
                return First(result, MemoryTransactionResult.DecodeError);
        }
        return result;
    }

    // The first part of an access that has one range, or none, behind it.
    private int Part(GuestAddress address, int length, out FlatView view, out FlatRange? range)
    {
        view = CurrentView;
        if (view.TryFind(address, out range))
            return (int)Math.Min((ulong)length - 1, range.Last.Value - address.Value) + 1;
        return view.TryFindNext(address, out var next) ? (int)Math.Min((ulong)length, next.Start.Value - address.Value) : length;
    }

    private static bool ReadMemory(FlatRange range, ulong offset, Span<byte> destination)
    {
        var block = range.Region.RamBlock!;
        if (!block.TryAddReference())
            return false;
        try
        {
            block.PageGate?.EnsurePresent(block, new RamOffset(offset), (ulong)destination.Length);
            CopyGuest(block.GetSpan(new RamOffset(offset), destination.Length), destination);
            return true;
        }
        finally
        {
            block.ReleaseReference();
        }
    }

    private static bool ReadMemoryValue(FlatRange range, ulong offset, int sizeBytes, out ulong value)
    {
        Unsafe.SkipInit(out value);
        value = 0;
        Span<byte> bytes = stackalloc byte[LargestAccessBytes];
        bytes.Clear();
        if (!ReadMemory(range, offset, bytes[..sizeBytes]))
            return false;
        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return true;
    }

    private bool WriteMemory(FlatRange range, ulong offset, ReadOnlySpan<byte> source)
    {
        var block = range.Region.RamBlock!;
        if (!block.TryAddReference())
            return false;
        try
        {
            block.PageGate?.EnsurePresent(block, new RamOffset(offset), (ulong)source.Length);
            block.WriteGate?.BeforeWrite(block, new RamOffset(offset), (ulong)source.Length);
            CopyGuest(source, block.GetSpan(new RamOffset(offset), source.Length));
            System.NoteStore(block, new RamOffset(offset), (ulong)source.Length);
            return true;
        }
        finally
        {
            block.ReleaseReference();
        }
    }

    // Another CPU must not see half of a naturally sized store: 2, 4 and 8 bytes are one move.
    private static void CopyGuest(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ref readonly var from = ref source[0];
        ref var to = ref destination[0];
        switch (source.Length)
        {
            case 1:
                to = from;
                break;
            case 2:
                Unsafe.WriteUnaligned(ref to, Unsafe.ReadUnaligned<ushort>(in from));
                break;
            case 4:
                Unsafe.WriteUnaligned(ref to, Unsafe.ReadUnaligned<uint>(in from));
                break;
            case 8:
                Unsafe.WriteUnaligned(ref to, Unsafe.ReadUnaligned<ulong>(in from));
                break;
            default:
                source.CopyTo(destination);
                break;
        }
    }

    private MemoryTransactionResult ReadDevice(FlatRange range, ulong offset, Span<byte> part, out int length)
    {
        length = DeviceAccess.SizeFor(range.Region.Constraints, offset, part.Length);
        var result = DeviceAccess.Read(System, range.Region, offset, length, out var value);
        Span<byte> bytes = stackalloc byte[LargestAccessBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        bytes[..length].CopyTo(part);
        return result;
    }

    private MemoryTransactionResult WriteDevice(FlatRange range, ulong offset, ReadOnlySpan<byte> part, out int length)
    {
        length = DeviceAccess.SizeFor(range.Region.Constraints, offset, part.Length);
        Span<byte> bytes = stackalloc byte[LargestAccessBytes];
        bytes.Clear();
        part[..length].CopyTo(bytes);
        return DeviceAccess.Write(System, range.Region, offset, length, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
    }

    private static ulong OffsetOf(FlatRange range, GuestAddress address) => range.OffsetInRegion + (address.Value - range.Start.Value);

    private static MemoryTransactionResult First(MemoryTransactionResult earlier, MemoryTransactionResult later)
        => earlier != MemoryTransactionResult.Ok ? earlier : later;

    // False where the rest of the access lies behind the last address.
    private static bool TryAdvance(ref GuestAddress address, int length, int left)
    {
        if (left == 0)
            return true;
        var next = unchecked(address.Value + (ulong)length);
        if (next < address.Value)
            return false;
        address = new GuestAddress(next);
        return true;
    }

    // A block without references can only be met in a view that has been replaced since; the next one does not show it.
    private void ThrowIfStillShown(FlatView view, FlatRange range)
        => ObjectDisposedException.ThrowIf(ReferenceEquals(view, CurrentView), range.Region.RamBlock!);

    private static void CheckSize(int sizeBytes)
    {
        if (sizeBytes is not (1 or 2 or 4 or 8))
            throw new ArgumentOutOfRangeException(nameof(sizeBytes), sizeBytes, "An access has 1, 2, 4 or 8 bytes.");
    }
}
