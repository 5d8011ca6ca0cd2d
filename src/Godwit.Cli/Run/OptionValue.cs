using System.Text;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Cli;

/// <summary>A value in QEMU's spelling: <c>first,key=value,flag</c>, where <c>,,</c> stands for a comma.</summary>
internal sealed class OptionValue
{
    private readonly List<KeyValuePair<string, string?>> _pairs = [];

    private OptionValue(string option, string text)
    {
        Option = option;
        Text = text;
    }

    public string Option { get; }

    public string Text { get; }

    /// <summary>Pairs that nobody has taken yet; what is left at the end is refused by name.</summary>
    public static OptionValue Parse(string option, string text, string? firstKey)
    {
        var result = new OptionValue(option, text);
        bool first = true;
        foreach (string part in Split(text))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
                result._pairs.Add(KeyValuePair.Create(part[..equals], (string?)part[(equals + 1)..]));
            else if (first && firstKey is not null)
                result._pairs.Add(KeyValuePair.Create(firstKey, (string?)part));
            else
                result._pairs.Add(KeyValuePair.Create(part, (string?)null));
            first = false;
        }

        return result;
    }

    /// <summary>Takes the value of a key, the last one if it is given twice; null when it is not there.</summary>
    public string? Take(string key)
    {
        string? found = null;
        for (int i = _pairs.Count - 1; i >= 0; i--)
        {
            if (_pairs[i].Key != key)
                continue;
            found ??= _pairs[i].Value ?? "on";
            _pairs.RemoveAt(i);
        }

        return found;
    }

    /// <summary>Takes an on/off key.</summary>
    public bool? TakeSwitch(string key) => Take(key) switch
    {
        null => null,
        "on" or "yes" or "true" => true,
        "off" or "no" or "false" => false,
        var other => throw Refuse($"{key}={other}", "expected on or off"),
    };

    /// <summary>Takes the name of a file.</summary>
    /// <exception cref="CommandException">It is empty.</exception>
    public string? TakePath(string key)
    {
        string? path = Take(key);
        return path is "" ? throw Refuse($"{key}=", "is empty; expected the name of a file") : path;
    }

    /// <summary>Takes the path of a UNIX socket.</summary>
    /// <exception cref="CommandException">It is empty, or longer than the kernel takes.</exception>
    public string? TakeSocketPath(string key)
    {
        string? path = Take(key);
        return path is null || IsSocketPath(path) ? path : throw Refuse($"{key}={path}", SocketPathRule);
    }

    /// <summary>What <see cref="IsSocketPath"/> asks for.</summary>
    public static string SocketPathRule { get; } = $"is not the path of a socket; expected 1 to {SocketEndpoint.MaxUnixPathBytes} bytes";

    public static bool IsSocketPath(string path) => path.Length > 0 && Encoding.UTF8.GetByteCount(path) <= SocketEndpoint.MaxUnixPathBytes;

    /// <summary>Reads a size of guest RAM.</summary>
    /// <param name="part">The part of the option that a refusal names.</param>
    /// <param name="size">The text of the size.</param>
    /// <param name="plainUnit">Bytes that a number without suffix counts in.</param>
    /// <exception cref="CommandException">It is none that a machine can have.</exception>
    public ulong RamBytes(string part, string size, ulong plainUnit)
    {
        const ulong Minimum = 2UL << 20;
        const ulong Maximum = 1UL << 40;
        return SizeText.TryParse(size, plainUnit, out ulong bytes) && bytes is >= Minimum and <= Maximum && bytes % 4096 == 0
            ? bytes
            : throw Refuse(part, "is not a size of 2M to 1T in whole pages");
    }

    /// <summary>Takes everything that is left.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> TakeRest()
    {
        KeyValuePair<string, string?>[] rest = [.. _pairs];
        _pairs.Clear();
        return rest;
    }

    /// <summary>Refuses what is left.</summary>
    public void End()
    {
        if (_pairs.Count > 0)
            throw Refuse(_pairs[0].Value is null ? _pairs[0].Key : $"{_pairs[0].Key}={_pairs[0].Value}", "is not supported");
    }

    public CommandException Refuse(string part, string why) => CommandException.Usage($"{Option} {Text}", $"'{part}' {why}");

    private static IEnumerable<string> Split(string text)
    {
        string[] parts = text.Replace(",,", "\0", StringComparison.Ordinal).Split(',');
        return parts.Select(p => p.Replace('\0', ','));
    }
}
