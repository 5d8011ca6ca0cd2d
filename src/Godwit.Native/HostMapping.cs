using System.Runtime.InteropServices;
using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>A mapping of host memory, anonymous or of a memory file; unmapped and closed on dispose.</summary>
/// <remarks>
/// Spans and ranges taken from a mapping are valid until it is disposed; the owner sees to it that nobody uses them afterwards.
/// All methods may be called from any thread.
/// </remarks>
public sealed class HostMapping : SafeHandle
{
    /// <summary>What the processor maps as one huge page.</summary>
    private const long HugePageBytes = 2 << 20;

    private HostMapping(nint address, long lengthBytes, FileDescriptor? file, bool isShared)
        : base(-1, ownsHandle: true)
    {
        LengthBytes = lengthBytes;
        File = file;
        IsShared = isShared;
        SetHandle(address);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == -1;

    /// <summary>First byte of the mapping.</summary>
    public nint Address => handle;

    /// <summary>Length in bytes: what was asked for, rounded up to whole host pages.</summary>
    public long LengthBytes { get; }

    /// <summary>The memory file behind a shared mapping, else <see langword="null"/>. Owned by the mapping.</summary>
    public FileDescriptor? File { get; }

    /// <summary>The number of the memory file's descriptor, or -1 for an anonymous mapping.</summary>
    public int Fd => File?.Number ?? -1;

    /// <summary>Whether stores are seen by other mappings of the same file.</summary>
    public bool IsShared { get; }

    /// <summary>The whole mapping.</summary>
    public HostRange Range => new(handle, LengthBytes);

    /// <summary>Maps a new memory file (<c>memfd</c>), all zero; no swap is reserved for it.</summary>
    /// <param name="name">Name shown in <c>/proc</c>; at most 249 bytes.</param>
    /// <param name="lengthBytes">More than 0.</param>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public static HostMapping AllocateShared(string name, long lengthBytes)
    {
        var rounded = RoundUpToPage(lengthBytes);
        var fd = SysMman.memfd_create(name, SysMman.MFD_CLOEXEC);
        if (fd < 0)
            throw ErrnoException.ForLast("memfd_create");
        var file = new FileDescriptor(fd);
        try
        {
            file.SetLength(rounded);
            return Map(file, rounded, SysMman.MAP_SHARED | SysMman.MAP_NORESERVE);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Maps private memory of this process, all zero; no swap is reserved for it. Starts where a huge page can, if it is as long as one.</summary>
    /// <param name="lengthBytes">More than 0.</param>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public static HostMapping AllocateAnonymous(long lengthBytes)
    {
        const int Flags = SysMman.MAP_PRIVATE | SysMman.MAP_ANONYMOUS | SysMman.MAP_NORESERVE;
        var rounded = RoundUpToPage(lengthBytes);
        if (rounded < HugePageBytes)
            return Map(null, rounded, Flags);

        // Not every kernel aligns large mappings by itself: map more, and cut off what is too much on either side.
        var outer = (long)MapAddress(null, checked(rounded + HugePageBytes), Flags);
        var start = (outer + HugePageBytes - 1) / HugePageBytes * HugePageBytes;
        Unmap(outer, start - outer);
        Unmap(start + rounded, outer + HugePageBytes - start);
        return new HostMapping((nint)start, rounded, null, isShared: false);
    }

    /// <summary>Maps the start of a file, shared with everybody who maps it; a file that is not there, or empty, is made as long as asked for.</summary>
    /// <param name="path">The file, for instance on a memory file system or one of huge pages.</param>
    /// <param name="lengthBytes">More than 0.</param>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    /// <exception cref="ArgumentException">The file is shorter than that.</exception>
    public static HostMapping MapFile(string path, long lengthBytes)
    {
        var rounded = RoundUpToPage(lengthBytes);
        var file = FileDescriptor.OpenReadWrite(path);
        try
        {
            var found = file.SeekToEnd();
            if (found == 0)
                file.SetLength(rounded);
            else if (found < rounded)
                throw new ArgumentException($"'{path}' has 0x{found:x} bytes, too few for memory of 0x{rounded:x} bytes.", nameof(path));
            return Map(file, rounded, SysMman.MAP_SHARED | SysMman.MAP_NORESERVE);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Maps the first <paramref name="lengthBytes"/> of a memory file that another process made, shared with it.</summary>
    /// <param name="file">The descriptor; the mapping owns it from here on, also when the call throws.</param>
    /// <param name="lengthBytes">More than 0.</param>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public static HostMapping MapShared(FileDescriptor file, long lengthBytes)
    {
        ArgumentNullException.ThrowIfNull(file);
        try
        {
            return Map(file, RoundUpToPage(lengthBytes), SysMman.MAP_SHARED | SysMman.MAP_NORESERVE);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A window of the mapping.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The window is not inside the mapping.</exception>
    public unsafe Span<byte> GetSpan(long offset, int count)
    {
        Check(offset, count);
        // SAFETY: the window was checked against the mapping; the owner keeps the mapping while the span is used.
        return new Span<byte>((byte*)handle + offset, count);
    }

    /// <summary>A part of the mapping, of any length.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the mapping.</exception>
    public HostRange GetRange(long offset, long count)
    {
        Check(offset, count);
        return new HostRange(handle + (nint)offset, count);
    }

    /// <summary>Advises the kernel about a part of the mapping.</summary>
    /// <param name="advice">What to say.</param>
    /// <param name="offset">First byte, on a host page boundary.</param>
    /// <param name="count">Length in bytes.</param>
    /// <returns>Whether the kernel took it; an advice that this kernel does not know is not an error.</returns>
    public bool Advise(HostAdvice advice, long offset, long count)
    {
        Check(offset, count);
        return SysMman.madvise(handle + (nint)offset, (nuint)count, (int)advice) == 0;
    }

    /// <summary>Gives the pages of a part back to the system; they read as zero (or are missing again) afterwards.</summary>
    /// <remarks>For a shared mapping a hole is punched into the file: every other mapping of it loses the pages as well.</remarks>
    /// <param name="offset">First byte, on a host page boundary.</param>
    /// <param name="count">Length in bytes, whole host pages.</param>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public void Discard(long offset, long count)
    {
        Check(offset, count);
        if (offset % Environment.SystemPageSize != 0 || count % Environment.SystemPageSize != 0)
            throw new ArgumentException("A discarded part is made of whole host pages.", nameof(offset));
        if (count == 0)
            return;
        if (File is not null)
            File.PunchHole(offset, count);
        else if (SysMman.madvise(handle + (nint)offset, (nuint)count, SysMman.MADV_DONTNEED) != 0)
            throw ErrnoException.ForLast("madvise(MADV_DONTNEED)");
    }

    /// <summary>Where the first page at or after <paramref name="offset"/> is that was ever touched; everything before it reads as zero.</summary>
    /// <remarks>
    /// Tells what is zero without touching it: even a read gives a page of a memory file its memory. A page that is being touched for
    /// the first time meanwhile may be missed. For an anonymous mapping the answer is always <paramref name="offset"/>.
    /// </remarks>
    /// <param name="offset">Where to start; inside the mapping or at its end.</param>
    /// <returns>An offset from <paramref name="offset"/> to <see cref="LengthBytes"/>, the latter if nothing more was touched.</returns>
    public long FindTouched(long offset)
    {
        Check(offset, 0);
        if (File is null || offset == LengthBytes)
            return offset;
        var found = Unistd.lseek(File, offset, Unistd.SEEK_DATA);
        if (found >= 0)
            return Math.Min(found, LengthBytes);
        return Marshal.GetLastPInvokeError() == Errno.ENXIO ? LengthBytes : offset;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        var unmapped = SysMman.munmap(handle, (nuint)LengthBytes) == 0;
        File?.Dispose();
        return unmapped;
    }

    private static HostMapping Map(FileDescriptor? file, long lengthBytes, int flags)
        => new(MapAddress(file, lengthBytes, flags), lengthBytes, file, (flags & SysMman.MAP_SHARED) != 0);

    private static nint MapAddress(FileDescriptor? file, long lengthBytes, int flags)
    {
        var address = SysMman.mmap(0, (nuint)lengthBytes, SysMman.PROT_READ | SysMman.PROT_WRITE, flags, file?.Number ?? -1, 0);
        return address == SysMman.MAP_FAILED ? throw ErrnoException.ForLast("mmap") : address;
    }

    private static void Unmap(long address, long lengthBytes)
    {
        if (lengthBytes > 0 && SysMman.munmap((nint)address, (nuint)lengthBytes) != 0)
            throw ErrnoException.ForLast("munmap");
    }

    private static long RoundUpToPage(long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthBytes);
        long page = Environment.SystemPageSize;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, long.MaxValue - page);
        return (lengthBytes + page - 1) / page * page;
    }

    private void Check(long offset, long count)
    {
        if ((ulong)offset > (ulong)LengthBytes || (ulong)count > (ulong)(LengthBytes - offset))
            throw new ArgumentOutOfRangeException(nameof(offset), $"{count} bytes at {offset} are not inside a mapping of {LengthBytes} bytes.");
    }
}
