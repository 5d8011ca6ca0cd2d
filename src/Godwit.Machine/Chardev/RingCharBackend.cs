using System.Text;

namespace Godwit.Machine;

/// <summary>Keeps the last output in memory and gets its input by calls: for tests and for tools that look at a console.</summary>
public sealed class RingCharBackend : ICharBackend
{
    private readonly Lock _lock = new();
    private readonly byte[] _output;
    private readonly Queue<byte> _input = new();
    private long _written;

    /// <summary>Creates a buffer.</summary>
    /// <param name="capacityBytes">Output that is kept; older output is forgotten.</param>
    public RingCharBackend(int capacityBytes = 1 << 20)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacityBytes, 1);
        _output = new byte[capacityBytes];
    }

    /// <inheritdoc/>
    public event EventHandler? Changed;

    /// <inheritdoc/>
    public bool IsWritable => true;

    /// <summary>Bytes written since the start.</summary>
    public long BytesWritten
    {
        get
        {
            lock (_lock)
                return _written;
        }
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            foreach (byte value in bytes)
                _output[_written++ % _output.Length] = value;
        }
    }

    /// <inheritdoc/>
    public int Read(Span<byte> destination)
    {
        lock (_lock)
        {
            int count = 0;
            while (count < destination.Length && _input.TryDequeue(out byte value))
                destination[count++] = value;
            return count;
        }
    }

    /// <summary>Gives the guest input.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            foreach (byte value in bytes)
                _input.Enqueue(value);
        }

        Changed?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>The kept output as Latin-1 text.</summary>
    public string GetText()
    {
        lock (_lock)
        {
            int count = (int)Math.Min(_written, _output.Length);
            var text = new byte[count];
            for (int i = 0; i < count; i++)
                text[i] = _output[(_written - count + i) % _output.Length];
            return Encoding.Latin1.GetString(text);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
