namespace Godwit.Vmm;

/// <summary>A request that the machine's state does not allow; nothing was done.</summary>
public sealed class VmRefusedException : InvalidOperationException
{
    /// <summary>Creates the refusal with the text that monitors show.</summary>
    /// <param name="message">The text.</param>
    public VmRefusedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the refusal with the text that monitors show and its cause.</summary>
    /// <param name="message">The text.</param>
    /// <param name="innerException">The cause.</param>
    public VmRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates a refusal without a text of its own.</summary>
    public VmRefusedException()
    {
    }
}
