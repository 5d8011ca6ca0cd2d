namespace Godwit.Machine;

/// <summary>A disk of zeros that forgets what is written to it.</summary>
internal sealed class BlankDiskImage : IDiskImage
{
    public long LengthBytes => 1 << 20;

    public bool IsReadOnly => false;

    public void Read(long position, Span<byte> destination) => destination.Clear();

    public void Write(long position, ReadOnlySpan<byte> source)
    {
    }

    public void Flush()
    {
    }

    public void Zero(long position, long lengthBytes, bool mayUnmap)
    {
    }

    public void Dispose()
    {
    }
}
