using Microsoft.Extensions.Logging;

namespace Godwit.Vmm;

/// <summary>Every log line of the machine as a whole, from id 6000 on.</summary>
internal static partial class Log
{
    [LoggerMessage(6000, LogLevel.Error, "What the guest asked for failed, the machine stops")]
    public static partial void WorkFailed(ILogger logger, Exception exception);
}
