namespace Godwit.Wire;

/// <summary>A UNIX socket.</summary>
/// <param name="Path">Its path, or the name of an abstract socket.</param>
/// <param name="IsAbstract">Whether the name is abstract (no file).</param>
/// <param name="IsTight">Whether an abstract name ends with its last character rather than being filled with zeros.</param>
public sealed record UnixAddress(string Path, bool IsAbstract = false, bool IsTight = true) : MigrationAddress
{
    /// <inheritdoc/>
    public override bool IsMultiChannel => true;

    /// <inheritdoc/>
    public override string ToUri() => "unix:" + Path;
}
