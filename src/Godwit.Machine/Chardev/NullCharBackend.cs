namespace Godwit.Machine;

/// <summary>Drops output and has no input.</summary>
public sealed class NullCharBackend : ICharBackend
{
    /// <inheritdoc/>
    public event EventHandler? Changed
    {
        add { }
        remove { }
    }

    /// <inheritdoc/>
    public bool IsWritable => true;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes)
    {
    }

    /// <inheritdoc/>
    public int Read(Span<byte> destination) => 0;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
