namespace Godwit.Wire;

/// <summary>The root of everything that ends a migration: the peer's bytes, the channel, or the state of a side.</summary>
public abstract class MigrationException : Exception
{
    /// <summary>Makes the exception with its text and, where there is one, its cause.</summary>
    protected MigrationException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
