namespace Godwit.Cli;

/// <summary>Ends a verb with one line on standard error: <c>godwit: what: why (where)</c>.</summary>
internal sealed class CommandException : Exception
{
    /// <param name="what">What was being done.</param>
    /// <param name="why">Why it did not work.</param>
    /// <param name="where">Where, or null when the line is clear without.</param>
    /// <param name="exitCode">Status of the process.</param>
    /// <param name="inner">The cause, shown with <c>GODWIT_DEBUG=1</c>.</param>
    public CommandException(string what, string why, string? where = null, int exitCode = ExitCode.Failed, Exception? inner = null)
        : base(where is null ? $"{what}: {why}" : $"{what}: {why} ({where})", inner) => ExitStatus = exitCode;

    public int ExitStatus { get; }

    /// <summary>A mistake on the command line.</summary>
    public static CommandException Usage(string what, string why) => new(what, why, exitCode: ExitCode.WrongUsage);
}
