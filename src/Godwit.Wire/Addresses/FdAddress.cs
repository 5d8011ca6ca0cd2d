namespace Godwit.Wire;

/// <summary>A descriptor that the monitor was given under a name.</summary>
/// <param name="Name">The name; where a command line is meant, the number of an inherited descriptor.</param>
public sealed record FdAddress(string Name) : MigrationAddress
{
    /// <inheritdoc/>
    public override string ToUri() => "fd:" + Name;
}
