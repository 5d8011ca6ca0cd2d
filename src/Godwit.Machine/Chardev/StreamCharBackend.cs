namespace Godwit.Machine;

/// <summary>Sends output to one stream and takes input from another, each on a thread of its own: standard input and output, files, sockets.</summary>
public class StreamCharBackend : ICharBackend
{
    /// <summary>Output waiting for a slow stream beyond which <see cref="IsWritable"/> turns false.</summary>
    private const int HighWaterBytes = 64 << 10;

    /// <summary>Output that is kept for a stream that does not move at all; more is dropped.</summary>
    private const int MaximumBytes = 1 << 20;

    private const int MaximumInputBytes = 4096;

    private static readonly TimeSpan _flushTime = TimeSpan.FromSeconds(1);

    private readonly object _lock = new();
    private readonly Queue<byte> _input = new();
    private readonly Thread _writer;
    private List<byte> _output = [];
    private Stream? _sink;
    private bool _isDisposed;
    private bool _isWriting;

    /// <summary>Creates a back end without streams; <see cref="Attach"/> gives it some.</summary>
    protected StreamCharBackend()
    {
        _writer = new Thread(WriteLoop) { IsBackground = true, Name = "chardev-out" };
        _writer.Start();
    }

    /// <summary>Creates a back end over streams that are open.</summary>
    /// <param name="output">Gets the output; null drops it.</param>
    /// <param name="input">Gives input until its end; null for none.</param>
    public StreamCharBackend(Stream? output, Stream? input)
        : this() => Attach(output ?? Stream.Null, input);

    /// <inheritdoc/>
    public event EventHandler? Changed;

    /// <inheritdoc/>
    public bool IsWritable
    {
        get
        {
            lock (_lock)
                return _sink is null || _output.Count < HighWaterBytes;
        }
    }

    /// <summary>Creates or empties a file for the output.</summary>
    public static StreamCharBackend OpenFile(string path) => new(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, 0), null);

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (_sink is null)
                return;
            foreach (byte value in bytes)
            {
                if (_output.Count < MaximumBytes)
                    _output.Add(value);
            }

            Monitor.PulseAll(_lock);
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
            if (count > 0)
                Monitor.PulseAll(_lock);
            return count;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Connects the streams and starts to read; the streams belong to the back end from here on.</summary>
    protected void Attach(Stream output, Stream? input)
    {
        lock (_lock)
        {
            _sink = output;
            Monitor.PulseAll(_lock);
        }

        if (input is null)
            return;
        new Thread(() => ReadLoop(input)) { IsBackground = true, Name = "chardev-in" }.Start();
    }

    /// <summary>Disconnects the streams; output is dropped until others are attached.</summary>
    protected void Detach() => Detach(only: null);

    /// <summary>Called on the reading thread at the end of the input.</summary>
    protected virtual void InputEnded()
    {
    }

    /// <summary>Gives waiting output a moment to leave, then closes the output.</summary>
    protected virtual void Dispose(bool disposing)
    {
        Stream? sink;
        lock (_lock)
        {
            if (_isDisposed)
                return;
            long deadline = Environment.TickCount64 + (long)_flushTime.TotalMilliseconds;
            while (_sink is not null && (_output.Count > 0 || _isWriting) && Environment.TickCount64 < deadline)
                Monitor.Wait(_lock, (int)Math.Max(1, deadline - Environment.TickCount64));
            _isDisposed = true;
            sink = _sink;
            _sink = null;
            Monitor.PulseAll(_lock);
        }

        sink?.Dispose();
    }

    /// <summary>Disconnects; with a stream given only if it is still the one that is attached.</summary>
    private void Detach(Stream? only)
    {
        Stream? sink;
        lock (_lock)
        {
            if (only is not null && !ReferenceEquals(_sink, only))
                return;
            sink = _sink;
            _sink = null;
            _output.Clear();
        }

        sink?.Dispose();
        Changed?.Invoke(this, EventArgs.Empty);
    }

    private void WriteLoop()
    {
        List<byte> taken = [];
        while (true)
        {
            Stream sink;
            bool wasFull;
            lock (_lock)
            {
                _isWriting = false;
                Monitor.PulseAll(_lock);
                while (!_isDisposed && (_sink is null || _output.Count == 0))
                    Monitor.Wait(_lock);
                if (_isDisposed)
                    return;
                wasFull = _output.Count >= HighWaterBytes;
                sink = _sink!;
                (taken, _output) = (_output, taken);
                _isWriting = true;
            }

            try
            {
                sink.Write(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(taken));
                sink.Flush();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // Others may have been attached while this write was stuck.
                Detach(sink);
            }

            taken.Clear();
            if (wasFull)
                Changed?.Invoke(this, EventArgs.Empty);
        }
    }

    private void ReadLoop(Stream input)
    {
        var buffer = new byte[256];
        try
        {
            int count;
            while ((count = input.Read(buffer)) > 0)
            {
                lock (_lock)
                {
                    while (!_isDisposed && _input.Count >= MaximumInputBytes)
                        Monitor.Wait(_lock);
                    if (_isDisposed)
                        return;
                    foreach (byte value in buffer.AsSpan(0, count))
                        _input.Enqueue(value);
                }

                Changed?.Invoke(this, EventArgs.Empty);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // A stream that breaks is a stream that has ended.
        }

        InputEnded();
    }
}
