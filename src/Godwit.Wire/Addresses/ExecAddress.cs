using System.Collections.Immutable;

namespace Godwit.Wire;

/// <summary>A command: the source writes to its input, the destination reads its output.</summary>
/// <param name="Args">Program and arguments; the program is started directly, without a search path.</param>
public sealed record ExecAddress(ImmutableArray<string> Args) : MigrationAddress
{
    private const string Shell = "/bin/sh";

    /// <summary>The address of a shell command.</summary>
    public static ExecAddress ForShell(string command) => new([Shell, "-c", command]);

    /// <inheritdoc/>
    public override string ToUri()
        => "exec:" + (Args is [Shell, "-c", var command] ? command : string.Join(' ', Args));

    /// <inheritdoc/>
    public bool Equals(ExecAddress? other) => other is not null && Args.AsSpan().SequenceEqual(other.Args.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var arg in Args)
            hash.Add(arg, StringComparer.Ordinal);
        return hash.ToHashCode();
    }
}
