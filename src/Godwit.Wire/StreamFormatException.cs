using System.Globalization;
using System.Text;

namespace Godwit.Wire;

/// <summary>The bytes of the peer are not a migration stream, or not one that can be accepted here.</summary>
public sealed class StreamFormatException : MigrationException
{
    /// <summary>Makes the exception; the message is built from all parts.</summary>
    /// <param name="reason">What is wrong, in words.</param>
    /// <param name="offset">Bytes from the start of the stream.</param>
    /// <param name="section">The section that was being read, if one was.</param>
    /// <param name="expected">What would have been right.</param>
    /// <param name="found">What is there.</param>
    public StreamFormatException(string reason, long offset, string? section = null, string? expected = null, string? found = null)
        : base(Compose(reason, offset, section, expected, found))
    {
        Reason = reason;
        Offset = offset;
        Section = section;
        Expected = expected;
        Found = found;
    }

    /// <summary>What is wrong, without the place.</summary>
    public string Reason { get; }

    /// <summary>Bytes from the start of the stream.</summary>
    public long Offset { get; }

    /// <summary>The section that was being read, or <see langword="null"/> between sections.</summary>
    public string? Section { get; }

    /// <summary>What would have been right, if it can be said in short.</summary>
    public string? Expected { get; }

    /// <summary>What was found, if it can be said in short.</summary>
    public string? Found { get; }

    private static string Compose(string reason, long offset, string? section, string? expected, string? found)
    {
        var text = new StringBuilder(reason);
        if (expected is not null)
            text.Append(": expected ").Append(expected);
        if (found is not null)
            text.Append(expected is null ? ": found " : ", found ").Append(found);
        text.Append(CultureInfo.InvariantCulture, $" (offset 0x{offset:x}");
        if (section is not null)
            text.Append(", section '").Append(section).Append('\'');
        return text.Append(')').ToString();
    }
}
