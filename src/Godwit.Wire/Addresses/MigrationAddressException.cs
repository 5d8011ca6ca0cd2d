namespace Godwit.Wire;

/// <summary>A migration address cannot be understood, or not be used; the message is the one a QMP client gets from QEMU.</summary>
public sealed class MigrationAddressException : MigrationException
{
    /// <summary>Makes the exception with its whole text.</summary>
    public MigrationAddressException(string message)
        : base(message)
    {
    }
}
