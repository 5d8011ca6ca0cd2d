using System.Buffers.Binary;
using System.Text;

namespace Godwit.Machine;

/// <content>What a request asks for, carried out on the device's thread without the big lock.</content>
public sealed partial class VirtioBlock
{
    private const uint TypeIn = 0;
    private const uint TypeOut = 1;
    private const uint TypeFlush = 4;
    private const uint TypeGetId = 8;
    private const uint TypeDiscard = 11;
    private const uint TypeWriteZeroes = 13;

    private const byte StatusOk = 0;
    private const byte StatusIoError = 1;
    private const byte StatusUnsupported = 2;

    private (byte Status, uint Written) CarryOut(VirtioRequest request)
    {
        Span<byte> header = stackalloc byte[16];
        if (request.InBytes == 0 || !TryReadGuest(request, 0, header))
            return (StatusUnsupported, 0);

        _typeInHand = BinaryPrimitives.ReadUInt32LittleEndian(header);
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        switch (_typeInHand)
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
                return (Discard(request, _typeInHand == TypeWriteZeroes), 0);
            default:
                return (StatusUnsupported, 0);
        }
    }

    /// <summary>Reads what the driver wrote, unless a reset has taken the request away.</summary>
    private bool TryReadGuest(VirtioRequest request, ulong offset, Span<byte> destination)
    {
        lock (_gate)
            return _generationInHand == _generation && request.TryRead(Dma, offset, destination);
    }

    /// <summary>Answers into guest memory, unless a reset has taken the request away: the memory may be something else by now.</summary>
    private bool TryWriteGuest(VirtioRequest request, ulong offset, ReadOnlySpan<byte> source)
    {
        lock (_gate)
            return _generationInHand == _generation && request.TryWrite(Dma, offset, source);
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
                if (!TryReadGuest(request, 16 + done, piece))
                    return (StatusIoError, 0);
                _image.Write(position, piece);
            }
            else
            {
                _image.Read(position, piece);
                if (!TryWriteGuest(request, done, piece))
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
        return TryWriteGuest(request, 0, part) ? (StatusOk, (uint)part.Length) : (StatusIoError, 0);
    }

    private byte Discard(VirtioRequest request, bool isWriteZeroes)
    {
        Span<byte> range = stackalloc byte[16];
        if (request.OutBytes != 32 || !TryReadGuest(request, 16, range))
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
