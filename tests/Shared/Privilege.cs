namespace Godwit.Testing;

/// <summary>What some tests need that not every user has; they are skipped, with the reason, where it is missing.</summary>
internal static class Privilege
{
    /// <summary>Why a test cannot run here, or null when it can.</summary>
    /// <param name="devices">Files of the host that it needs beside the rights.</param>
    public static string? WhyMissing(IEnumerable<string> devices)
    {
        if (!Environment.IsPrivilegedProcess)
            return "needs a privileged process";
        return devices.FirstOrDefault(static device => !File.Exists(device)) is { } missing ? $"needs {missing}" : null;
    }
}
