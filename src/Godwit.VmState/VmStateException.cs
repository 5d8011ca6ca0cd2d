using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>A device hook, or the codec while saving, refuses the state of a device.</summary>
/// <remarks>
/// Thrown while loading it is turned into a <see cref="StreamFormatException"/> that adds offset and section.
/// Thrown by a save hook it ends the migration as it is.
/// </remarks>
public sealed class VmStateException : MigrationException
{
    /// <summary>Makes an exception without a reason.</summary>
    public VmStateException()
        : this("the device refuses its state")
    {
    }

    /// <summary>Makes an exception with the reason.</summary>
    public VmStateException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with the reason and its cause.</summary>
    public VmStateException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception that also says what was expected and what was found.</summary>
    public VmStateException(string message, string expected, string found)
        : base($"{message} (expected {expected}, found {found})")
    {
        Expected = expected;
        Found = found;
    }

    /// <summary>What the device would have accepted.</summary>
    public string? Expected { get; }

    /// <summary>What it was given.</summary>
    public string? Found { get; }
}
