using Godwit.Migration;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Snapshot;

/// <summary>The names that reports print.</summary>
internal static class StreamNames
{
    public static string Format(InspectFormat format) => format switch
    {
        InspectFormat.Stream => "stream",
        InspectFormat.MappedRam => "mapped-ram",
        InspectFormat.MultiFdChannel => "multifd-channel",
        InspectFormat.ReturnPath => "return-path",
        _ => "unknown",
    };

    public static string Kind(StreamItemKind kind) => kind switch
    {
        StreamItemKind.Header => "header",
        StreamItemKind.Configuration => "configuration",
        StreamItemKind.Start => "start",
        StreamItemKind.Part => "part",
        StreamItemKind.End => "end",
        StreamItemKind.Full => "full",
        StreamItemKind.Command => "command",
        StreamItemKind.Eof => "eof",
        StreamItemKind.VmDescription => "vmdescription",
        StreamItemKind.Packet => "packet",
        _ => "message",
    };

    /// <summary>The lengths a payload may have: one, or a range.</summary>
    public static string Lengths(in MessageLayout layout) =>
        layout.HasFixedLength ? Number(layout.LeastBytes) : $"{Number(layout.LeastBytes)}..{Number(layout.MostBytes)}";

    public static string Page(PageKind kind) => kind switch
    {
        PageKind.Normal => "normal",
        PageKind.Zero => "zero",
        PageKind.Xbzrle => "xbzrle",
        _ => "compressed",
    };
}
