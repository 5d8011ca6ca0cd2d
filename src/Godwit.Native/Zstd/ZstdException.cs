namespace Godwit.Native;

/// <summary>libzstd refused a call: wrong data, or a library that is missing or too old.</summary>
public sealed class ZstdException : Exception
{
    /// <summary>Makes the exception.</summary>
    public ZstdException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    public ZstdException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
