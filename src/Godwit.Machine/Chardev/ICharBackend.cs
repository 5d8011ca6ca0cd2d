namespace Godwit.Machine;

/// <summary>The host's side of a character device: where a serial port's or console's bytes go and come from.</summary>
/// <remarks>No member blocks for longer than a lock is held; implementations have threads of their own for slow files.</remarks>
public interface ICharBackend : IDisposable
{
    /// <summary>Raised on any thread when input has arrived, or when output has room again after it had none.</summary>
    event EventHandler? Changed;

    /// <summary>Whether there is room for output; a front end should not send while there is not, though what it sends is not lost.</summary>
    bool IsWritable { get; }

    /// <summary>Takes all bytes.</summary>
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>Gives the input that is there, at most as much as the span takes; 0 when there is none.</summary>
    int Read(Span<byte> destination);
}
