using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>A migration ended for a reason that is neither the channel's nor the format of the peer's bytes.</summary>
public sealed class MigrationFailedException : MigrationException
{
    /// <summary>Makes the exception with the text that becomes <c>error-desc</c>.</summary>
    public MigrationFailedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
