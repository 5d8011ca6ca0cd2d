using Godwit.Native;

namespace Godwit.Cli;

/// <summary>What users read of an exception that the base library or a layer below threw.</summary>
internal static class FailureText
{
    /// <summary>The cause in our own words or the system's.</summary>
    /// <param name="failure">What was thrown.</param>
    /// <param name="path">The file or UNIX socket that it was about, or null.</param>
    public static string Describe(Exception failure, string? path = null) => failure switch
    {
        // The name of a method's parameter tells users nothing.
        ArgumentException { ParamName: { } name } => failure.Message.Split($" (Parameter '{name}')")[0].TrimEnd('.'),
        _ when path is not null => FileSystem.Describe(failure, path),
        _ => failure.Message,
    };
}
