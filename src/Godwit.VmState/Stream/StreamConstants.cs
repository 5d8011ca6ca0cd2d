namespace Godwit.VmState;

/// <summary>Fixed values of the migration stream's container (docs/formats/stream.md).</summary>
public static class StreamConstants
{
    /// <summary>First four bytes of a stream: "QEVM".</summary>
    public const uint Magic = 0x5145564d;

    /// <summary>The only stream version in use; follows the magic.</summary>
    public const uint Version = 3;

    /// <summary>An obsolete version that receivers refuse with its own message.</summary>
    public const uint ObsoleteVersion = 2;

    /// <summary>Bytes of a section footer: the footer byte and the section id.</summary>
    public const int FooterBytes = 5;

    /// <summary>Greatest length of a counted string.</summary>
    public const int MaxCountedStringBytes = 255;

    /// <summary>Marker of a null element in an array of pointers, ASCII '0'.</summary>
    public const byte NullPointerMarker = 0x30;

    /// <summary>Marker of a populated element in an auto-allocated array, ASCII '1'.</summary>
    public const byte PointerMarker = 0x31;
}
