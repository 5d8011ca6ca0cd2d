namespace Godwit.Machine;

/// <summary>A source text that <see cref="RiscVAssembler"/> cannot assemble; the message names the line.</summary>
public sealed class AssemblyException : Exception
{
    /// <summary>Creates an exception without a place.</summary>
    public AssemblyException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    public AssemblyException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and its cause.</summary>
    public AssemblyException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates an exception for one line of the source, counted from 1.</summary>
    public AssemblyException(int line, string reason)
        : base($"line {line}: {reason}") => Line = line;

    /// <summary>Source line, counted from 1; 0 when the error belongs to no line.</summary>
    public int Line { get; }
}
