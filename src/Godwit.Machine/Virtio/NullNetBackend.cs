namespace Godwit.Machine;

/// <summary>A cable that leads nowhere.</summary>
public sealed class NullNetBackend : INetBackend
{
    /// <inheritdoc/>
    public event EventHandler? FramesArrived
    {
        add { }
        remove { }
    }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame)
    {
    }

    /// <inheritdoc/>
    public int Receive(Span<byte> destination) => 0;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
