namespace Godwit.VmState;

/// <summary>First byte of each top-level element of a migration stream (docs/formats/stream.md, "Elements").</summary>
public enum SectionType : byte
{
    /// <summary>Ends the section stream.</summary>
    Eof = 0x00,

    /// <summary>First section of an iterative entry.</summary>
    Start = 0x01,

    /// <summary>One round of an iterative entry.</summary>
    Part = 0x02,

    /// <summary>Last section of an iterative entry.</summary>
    End = 0x03,

    /// <summary>The whole state of a non-iterative entry.</summary>
    Full = 0x04,

    /// <summary>Only inside device state, never at top level.</summary>
    Subsection = 0x05,

    /// <summary>The JSON description; only after <see cref="Eof"/>.</summary>
    VmDescription = 0x06,

    /// <summary>Only directly after the file header.</summary>
    Configuration = 0x07,

    /// <summary>A command of the source.</summary>
    Command = 0x08,

    /// <summary>Only at the end of a section.</summary>
    Footer = 0x7e,
}
