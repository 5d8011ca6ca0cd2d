using Spectre.Console;

namespace Godwit.Cli;

/// <summary>Everything a verb may print to or read from; tests put their own in its place.</summary>
internal interface ICommandHost
{
    /// <summary>Results.</summary>
    TextWriter Out { get; }

    /// <summary>Errors, and progress when nobody watches live.</summary>
    TextWriter Error { get; }

    /// <summary>A console on standard error for live progress; null when standard error is not a terminal.</summary>
    IAnsiConsole? LiveConsole { get; }

    /// <summary>Bytes of standard input.</summary>
    Stream OpenInput();

    /// <summary>Bytes of standard output.</summary>
    Stream OpenOutput();
}
