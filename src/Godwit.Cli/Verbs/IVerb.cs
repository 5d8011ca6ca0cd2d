using System.CommandLine;

namespace Godwit.Cli;

/// <summary>A verb of the command: its grammar with its action, and an example for the help.</summary>
internal interface IVerb
{
    Command Command { get; }

    string Example { get; }
}
