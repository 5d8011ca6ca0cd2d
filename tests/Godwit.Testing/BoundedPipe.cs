namespace Godwit.Testing;

/// <summary>One direction of a <see cref="MemoryChannel"/>: a ring of bytes; writers wait while it is full, readers while it is empty.</summary>
internal sealed class BoundedPipe(int capacityBytes)
{
    private readonly byte[] _ring = new byte[capacityBytes];
    private readonly object _lock = new();
    private int _start;
    private int _count;
    private bool _isEnded;
    private bool _isBroken;

    /// <summary>Bytes written and not read yet.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _count;
        }
    }

    /// <summary>Reads what is there; waits for the first byte. 0 at the end.</summary>
    public int Read(Span<byte> buffer, bool consume = true, int atLeast = 1)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_isBroken)
                    return 0;
                if (_count >= Math.Min(atLeast, _ring.Length) || _isEnded)
                {
                    var count = Math.Min(buffer.Length, _count);
                    var first = Math.Min(count, _ring.Length - _start);
                    _ring.AsSpan(_start, first).CopyTo(buffer);
                    _ring.AsSpan(0, count - first).CopyTo(buffer[first..]);
                    if (consume)
                    {
                        _start = (_start + count) % _ring.Length;
                        _count -= count;
                        Monitor.PulseAll(_lock);
                    }

                    return count;
                }

                Monitor.Wait(_lock);
            }
        }
    }

    /// <summary>Writes all bytes; <see langword="false"/> when the reader has gone.</summary>
    public bool Write(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_isBroken || _isEnded)
                    return false;
                var count = Math.Min(bytes.Length, _ring.Length - _count);
                var end = (_start + _count) % _ring.Length;
                var first = Math.Min(count, _ring.Length - end);
                bytes[..first].CopyTo(_ring.AsSpan(end));
                bytes[first..count].CopyTo(_ring);
                _count += count;
                bytes = bytes[count..];
                if (count > 0)
                    Monitor.PulseAll(_lock);
                if (bytes.IsEmpty)
                    return true;
                Monitor.Wait(_lock);
            }
        }
    }

    /// <summary>No more bytes will come; what is there can still be read.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isEnded = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Nothing more can be written or read.</summary>
    public void Break()
    {
        lock (_lock)
        {
            _isBroken = true;
            Monitor.PulseAll(_lock);
        }
    }
}
