namespace Godwit.Qmp;

/// <summary>A transport over a pair of streams, such as standard input and output.</summary>
public sealed class StreamQmpTransport : QmpTransport
{
    private readonly Stream _input;
    private readonly Stream _output;

    /// <summary>Takes ownership of both streams.</summary>
    /// <param name="input">Where the peer's bytes come from.</param>
    /// <param name="output">Where ours go.</param>
    /// <param name="description">For messages.</param>
    public StreamQmpTransport(Stream input, Stream output, string description)
    {
        _input = input;
        _output = output;
        Description = description;
    }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _input.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _output.WriteAsync(bytes, cancellationToken);
        await _output.FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _input.DisposeAsync();
        await _output.DisposeAsync();
    }
}
