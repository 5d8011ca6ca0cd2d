namespace Godwit.Machine;

/// <summary>The bytes behind a disk. Failures are <see cref="IOException"/>s.</summary>
public interface IDiskImage : IDisposable
{
    /// <summary>Length in bytes; a part of a sector at the end is not used.</summary>
    long LengthBytes { get; }

    /// <summary>Whether writes are refused.</summary>
    bool IsReadOnly { get; }

    /// <summary>Reads all bytes of the span.</summary>
    void Read(long position, Span<byte> destination);

    /// <summary>Writes all bytes of the span.</summary>
    void Write(long position, ReadOnlySpan<byte> source);

    /// <summary>Returns when all that was written is on the medium.</summary>
    void Flush();

    /// <summary>Makes a range read as zeros; it may give the space back if <paramref name="mayUnmap"/>.</summary>
    void Zero(long position, long lengthBytes, bool mayUnmap);
}
