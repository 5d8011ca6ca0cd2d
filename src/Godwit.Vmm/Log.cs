using Microsoft.Extensions.Logging;

namespace Godwit.Vmm;

/// <summary>Every log line of the machine as a whole, from id 6000 on.</summary>
internal static partial class Log
{
    [LoggerMessage(6000, LogLevel.Error, "What the guest asked for failed, the machine stops")]
    public static partial void WorkFailed(ILogger logger, Exception exception);

    [LoggerMessage(6010, LogLevel.Warning, "The dirty rate could not be measured")]
    public static partial void DirtyRateFailed(ILogger logger, Exception exception);

    [LoggerMessage(6011, LogLevel.Error, "Dirty limits could not be kept and were dropped")]
    public static partial void DirtyLimitFailed(ILogger logger, Exception exception);
}
