using Godwit.Native;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Machine;

/// <summary>A disk that is a file: byte n of the disk is byte n of the file.</summary>
public sealed class RawDiskImage : IDiskImage
{
    private static readonly byte[] _zeros = new byte[1 << 16];

    private readonly SafeFileHandle _file;
    private readonly FileDescriptor? _holes;

    /// <summary>Opens the file.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public RawDiskImage(string path, bool isReadOnly = false)
    {
        IsReadOnly = isReadOnly;
        _file = File.OpenHandle(path, FileMode.Open, isReadOnly ? FileAccess.Read : FileAccess.ReadWrite, FileShare.ReadWrite);
        LengthBytes = RandomAccess.GetLength(_file);
        _holes = isReadOnly ? null : FileDescriptor.OpenWrite(path);
    }

    /// <inheritdoc/>
    public long LengthBytes { get; }

    /// <inheritdoc/>
    public bool IsReadOnly { get; }

    /// <inheritdoc/>
    public void Read(long position, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(_file, destination, position);
            if (count == 0)
            {
                // The file was cut short behind our back: what is gone reads as zeros.
                destination.Clear();
                return;
            }

            destination = destination[count..];
            position += count;
        }
    }

    /// <inheritdoc/>
    public void Write(long position, ReadOnlySpan<byte> source) => RandomAccess.Write(_file, source, position);

    /// <inheritdoc/>
    public void Flush() => RandomAccess.FlushToDisk(_file);

    /// <inheritdoc/>
    public void Zero(long position, long lengthBytes, bool mayUnmap)
    {
        if (mayUnmap && TryPunch(position, lengthBytes))
            return;
        while (lengthBytes > 0)
        {
            int count = (int)Math.Min(lengthBytes, _zeros.Length);
            RandomAccess.Write(_file, _zeros.AsSpan(0, count), position);
            position += count;
            lengthBytes -= count;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _holes?.Dispose();
        _file.Dispose();
    }

    private bool TryPunch(long position, long lengthBytes)
    {
        try
        {
            _holes?.PunchHole(position, lengthBytes);
            return _holes is not null && lengthBytes > 0;
        }
        catch (ErrnoException)
        {
            // The file system has no holes: zeros do as well.
            return false;
        }
    }
}
