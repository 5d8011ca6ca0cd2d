namespace Godwit.Machine;

/// <summary>Passes a flush on only when something was written since the last one: an idle disk costs no time when its machine is stopped.</summary>
/// <param name="image">The disk; disposed of with this one.</param>
/// <remarks>What was written before this existed counts as not flushed. Flushes wait for each other, so that one that has nothing to do is not done too early.</remarks>
internal sealed class FlushOnceDiskImage(IDiskImage image) : IDiskImage
{
    private readonly Lock _flushing = new();
    private int _isDirty = 1;

    public long LengthBytes => image.LengthBytes;

    public bool IsReadOnly => image.IsReadOnly;

    public void Read(long position, Span<byte> destination) => image.Read(position, destination);

    public void Write(long position, ReadOnlySpan<byte> source)
    {
        try
        {
            image.Write(position, source);
        }
        finally
        {
            // After the write, also after a failed one: a flush that begins before may not have seen it.
            Volatile.Write(ref _isDirty, 1);
        }
    }

    public void Flush()
    {
        lock (_flushing)
        {
            if (Interlocked.Exchange(ref _isDirty, 0) == 0)
                return;
            try
            {
                image.Flush();
            }
            catch
            {
                Volatile.Write(ref _isDirty, 1);
                throw;
            }
        }
    }

    public void Zero(long position, long lengthBytes, bool mayUnmap)
    {
        try
        {
            image.Zero(position, lengthBytes, mayUnmap);
        }
        finally
        {
            Volatile.Write(ref _isDirty, 1);
        }
    }

    public void Dispose() => image.Dispose();
}
