using System.Buffers.Binary;
using Godwit.Native;

namespace Godwit.Machine;

/// <summary>A boot file split into the pieces that go into memory.</summary>
/// <param name="Blobs">The pieces.</param>
/// <param name="Start">Lowest address.</param>
/// <param name="End">First address behind the highest piece.</param>
/// <param name="Entry">First instruction.</param>
internal sealed record BootImage(IReadOnlyList<RomBlob> Blobs, ulong Start, ulong End, ulong Entry)
{
    private const int HeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const ushort MachineRiscV = 243;
    private const uint TypeLoad = 1;
    private const long MaximumFileBytes = 1L << 30;

    /// <summary>Reads a file: an ELF file to its physical addresses, anything else as it is to <paramref name="flatAddress"/>.</summary>
    /// <exception cref="BootException">It cannot be read, or is an ELF file that makes no sense.</exception>
    public static BootImage Load(string what, string path, ulong flatAddress, bool isRaw = false)
    {
        byte[] bytes = ReadFile(what, path);
        return !isRaw && bytes.AsSpan().StartsWith("\u007fELF"u8) ? LoadElf(what, path, bytes) : LoadFlat(what, bytes, flatAddress);
    }

    /// <summary>Reads a whole file of at most 1 GiB.</summary>
    /// <exception cref="BootException">It cannot be read or is larger.</exception>
    public static byte[] ReadFile(string what, string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaximumFileBytes)
                throw new BootException($"{what} '{path}' is larger than 1 GiB");
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BootException($"cannot read {what} '{path}': {FileSystem.Describe(e, path)}", e);
        }
    }

    private static BootImage LoadFlat(string what, byte[] bytes, ulong address) =>
        new([new RomBlob(what, address, bytes)], address, address + (ulong)bytes.Length, address);

    private static BootImage LoadElf(string what, string path, byte[] bytes)
    {
        ReadOnlySpan<byte> file = bytes;
        if (file.Length < HeaderBytes || file[4] != 2 || file[5] != 1 || BinaryPrimitives.ReadUInt16LittleEndian(file[18..]) != MachineRiscV)
            throw new BootException($"{what} '{path}' is no little-endian 64-bit RISC-V ELF file");

        ulong entry = BinaryPrimitives.ReadUInt64LittleEndian(file[24..]);
        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(file[32..]);
        ushort entryBytes = BinaryPrimitives.ReadUInt16LittleEndian(file[54..]);
        ushort count = BinaryPrimitives.ReadUInt16LittleEndian(file[56..]);
        if (entryBytes < ProgramHeaderBytes || !IsInside(table, (ulong)entryBytes * count, file.Length))
            throw new BootException($"{what} '{path}': the program headers are outside of the file");

        var blobs = new List<RomBlob>();
        (ulong start, ulong end) = (ulong.MaxValue, 0);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = file.Slice((int)table + (i * entryBytes), ProgramHeaderBytes);
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
            ulong fileBytes = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
            ulong memoryBytes = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != TypeLoad || memoryBytes == 0)
                continue;
            if (!IsInside(offset, fileBytes, file.Length) || memoryBytes < fileBytes || memoryBytes > (ulong)MaximumFileBytes || address > ulong.MaxValue - memoryBytes)
                throw new BootException($"{what} '{path}': segment {i} is outside of the file or of memory");
            var content = new byte[memoryBytes];
            file.Slice((int)offset, (int)fileBytes).CopyTo(content);
            blobs.Add(new RomBlob(what, address, content));
            start = Math.Min(start, address);
            end = Math.Max(end, address + memoryBytes);
        }

        return blobs.Count > 0 ? new BootImage(blobs, start, end, entry) : throw new BootException($"{what} '{path}' has nothing to load");
    }

    private static bool IsInside(ulong offset, ulong count, int length) => offset <= (ulong)length && count <= (ulong)length - offset;
}
