namespace Godwit.Qmp;

/// <summary>What one JSON value on a monitor may cost; QEMU's own limits (<c>docs/formats/qmp.md</c>, "Input").</summary>
/// <param name="MaximumDepth">Open brackets and braces together.</param>
/// <param name="MaximumTokens">Tokens of one value.</param>
/// <param name="MaximumTextBytes">Bytes of token text of one value.</param>
public sealed record QmpJsonLimits(int MaximumDepth, int MaximumTokens, int MaximumTextBytes)
{
    /// <summary>1024 levels, 2 097 152 tokens, 64 MiB.</summary>
    public static QmpJsonLimits Default { get; } = new(1024, 2 * 1024 * 1024, 64 * 1024 * 1024);
}
