using System.CommandLine;

namespace Godwit.Cli;

/// <summary>A verb of the command: its grammar with its action, and an example for the help.</summary>
internal interface IVerb
{
    Command Command { get; }

    string Example { get; }

    /// <summary>The help of a verb whose options the library does not know, but for the example; null for the library's.</summary>
    string? OwnHelp => null;
}
