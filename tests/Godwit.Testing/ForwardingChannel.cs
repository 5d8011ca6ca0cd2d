using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Testing;

/// <summary>Hands everything to another channel; a test overrides what it wants to watch or to break. Disposes the other one.</summary>
public abstract class ForwardingChannel : Channel
{
    /// <summary>Wraps <paramref name="inner"/>.</summary>
    protected ForwardingChannel(string kind, Channel inner)
        : base($"{kind} {inner?.Description}")
    {
        ArgumentNullException.ThrowIfNull(inner);
        Inner = inner;
    }

    /// <inheritdoc/>
    public override bool CanPeek => Inner.CanPeek;

    /// <inheritdoc/>
    public override bool HasReturnPath => Inner.HasReturnPath;

    /// <inheritdoc/>
    public override bool IsSeekable => Inner.IsSeekable;

    /// <inheritdoc/>
    public override long FilePosition
    {
        get => Inner.FilePosition;
        set => Inner.FilePosition = value;
    }

    /// <inheritdoc/>
    public override void LimitUnsent(int bytes) => Inner.LimitUnsent(bytes);

    /// <summary>The channel that carries the bytes.</summary>
    protected Channel Inner { get; }

    /// <inheritdoc/>
    protected override int ReadCore(Span<byte> buffer) => Inner.Read(buffer);

    /// <inheritdoc/>
    protected override int PeekCore(Span<byte> buffer) => Inner.Peek(buffer);

    /// <inheritdoc/>
    protected override void WriteCore(ReadOnlySpan<byte> bytes) => Inner.Write(bytes);

    /// <inheritdoc/>
    protected override void WriteCore(ReadOnlySpan<HostRange> ranges) => Inner.Write(ranges);

    /// <inheritdoc/>
    protected override void FinishWritingCore() => Inner.FinishWriting();

    /// <inheritdoc/>
    protected override void ShutdownCore() => Inner.Shutdown();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            Inner.Dispose();
    }
}
