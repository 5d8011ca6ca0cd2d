using System.Reflection;
using Godwit.Qmp;

namespace Godwit.Monitor;

/// <summary>The version that monitors present: a QEMU 10.0, with this program in the package text.</summary>
public static class MonitorVersion
{
    /// <summary>Version of this program.</summary>
    public static string Program { get; } =
        typeof(MonitorVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>What the greeting and <c>query-version</c> say.</summary>
    public static QmpVersion Presented { get; } = new(10, 0, 2, $" (Godwit {Program})");
}
