namespace Godwit.Machine;

/// <summary>The host's side of a network card: frames go out and come in.</summary>
public interface INetBackend : IDisposable
{
    /// <summary>Raised on any thread when frames have arrived.</summary>
    event EventHandler? FramesArrived;

    /// <summary>Sends a frame without its checksum; it may be dropped, it does not block for long.</summary>
    void Send(ReadOnlySpan<byte> frame);

    /// <summary>Takes the oldest frame that has arrived; 0 when there is none. A longer frame than the span is cut.</summary>
    int Receive(Span<byte> destination);
}
