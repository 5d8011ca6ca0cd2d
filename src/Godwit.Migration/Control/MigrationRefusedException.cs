namespace Godwit.Migration;

/// <summary>A command or setting was refused before anything happened; the monitor reports it with class GenericError.</summary>
/// <remarks>It is the caller's mistake or timing, not a failed migration, hence no <c>MigrationException</c>.</remarks>
public sealed class MigrationRefusedException : InvalidOperationException
{
    /// <summary>Creates the refusal with the text the client sees.</summary>
    public MigrationRefusedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the refusal with the text the client sees and what it came from.</summary>
    public MigrationRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates a refusal without a text of its own.</summary>
    public MigrationRefusedException()
    {
    }
}
