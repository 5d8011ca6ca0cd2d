namespace Godwit.Qmp;

/// <summary>QEMU 10.0's texts for input that is not JSON.</summary>
internal static class QmpJsonErrors
{
    public const string TextLimit = "JSON token size limit exceeded";
    public const string TokenLimit = "JSON token count limit exceeded";
    public const string DepthLimit = "JSON nesting depth limit exceeded";

    public static string Parse(string reason) => "JSON parse error, " + reason;
}
