using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Godwit.Cli;

/// <summary>What a guest has printed into the file behind its serial port.</summary>
internal sealed partial class GuestConsole(string path)
{
    /// <summary>Numbers of the rounds that a text reports, in order; a line counts once it is complete.</summary>
    public static IReadOnlyList<ulong> Rounds(string text) =>
        [.. Lines(text).Select(l => RoundLine().Match(l)).Where(m => m.Success).Select(m => ulong.Parse(m.Groups["round"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture))];

    /// <summary>Numbers of the seconds that a Linux test guest has counted in a text, in order.</summary>
    public static IReadOnlyList<ulong> Ticks(string text) =>
        [.. Lines(text).Select(l => TickLine().Match(l)).Where(m => m.Success).Select(m => ulong.Parse(m.Groups["tick"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture))];

    /// <summary>All that was printed so far.</summary>
    public string Text()
    {
        if (!File.Exists(path))
            return "";
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file, Encoding.Latin1);
        return reader.ReadToEnd();
    }

    /// <summary>Numbers of the rounds that are reported in this file, in order.</summary>
    public IReadOnlyList<ulong> Rounds() => Rounds(Text());

    /// <summary>The first line in which the guest complains; null when it does not.</summary>
    public string? Violation() => Lines(Text()).FirstOrDefault(l => l.Contains("VIOLATION", StringComparison.Ordinal));

    private static string[] Lines(string text)
    {
        int end = text.LastIndexOf('\n');
        return end < 0 ? [] : text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    [GeneratedRegex(@"round (?<round>[0-9]{1,18}) ", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RoundLine();

    [GeneratedRegex(@"guest: tick (?<tick>[0-9]{1,18}) ", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TickLine();
}
