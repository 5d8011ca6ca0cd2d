namespace Godwit.Machine.Tests;

/// <summary>A disk in memory whose reads, writes and flushes can be made to fail or wait.</summary>
internal sealed class MemoryDiskImage(int lengthBytes) : IDiskImage
{
    public byte[] Bytes { get; } = new byte[lengthBytes];

    public long LengthBytes => Bytes.Length;

    public bool IsReadOnly { get; init; }

    public bool Fails { get; set; }

    /// <summary>The host's number of the failure.</summary>
    public int Errno { get; init; } = 5;

    /// <summary>Set when a request has arrived.</summary>
    public ManualResetEventSlim Reached { get; } = new();

    public int Flushes { get; private set; }

    public ManualResetEventSlim Gate { get; } = new(initialState: true);

    public void Read(long position, Span<byte> destination)
    {
        Check();
        Bytes.AsSpan((int)position, destination.Length).CopyTo(destination);
    }

    public void Write(long position, ReadOnlySpan<byte> source)
    {
        Check();
        source.CopyTo(Bytes.AsSpan((int)position));
    }

    public void Flush()
    {
        Check();
        Flushes++;
    }

    public void Zero(long position, long lengthBytes, bool mayUnmap)
    {
        Check();
        Bytes.AsSpan((int)position, (int)lengthBytes).Clear();
    }

    public void Dispose() => Gate.Set();

    private void Check()
    {
        Reached.Set();
        Gate.Wait(TimeSpan.FromSeconds(30));
        if (Fails)
            throw new IOException("the disk fails", Errno);
    }
}
