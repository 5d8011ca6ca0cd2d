namespace Godwit.Machine;

/// <summary>A boot image that cannot be read, is no image, or does not fit into the machine.</summary>
public sealed class BootException : Exception
{
    /// <summary>Creates an exception without a reason.</summary>
    public BootException()
    {
    }

    /// <summary>Creates an exception with the reason.</summary>
    public BootException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with the reason and its cause.</summary>
    public BootException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
