using Microsoft.Extensions.Logging;

namespace Godwit.Migration;

/// <summary>Every log line of the engine. Ids 4000 to 4099 are the control's, 4100 to 4199 the stream's, from 4200 the memory's.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Information, "Outgoing migration: {Status}")]
    public static partial void OutgoingStatus(ILogger logger, string status);

    [LoggerMessage(4001, LogLevel.Information, "Outgoing migration to {Address}")]
    public static partial void OutgoingStarted(ILogger logger, string address);

    [LoggerMessage(4002, LogLevel.Warning, "Outgoing migration ended: {Reason}")]
    public static partial void OutgoingFailed(ILogger logger, string reason);

    [LoggerMessage(4003, LogLevel.Error, "The hand-over is undecided, the guest stays stopped: {Reason}")]
    public static partial void HandOverUndecided(ILogger logger, string reason);

    [LoggerMessage(4004, LogLevel.Information, "Outgoing migration completed in {TotalMilliseconds} ms, downtime {DowntimeMilliseconds} ms, {Bytes} bytes")]
    public static partial void OutgoingCompleted(ILogger logger, long totalMilliseconds, long downtimeMilliseconds, long bytes);

    [LoggerMessage(4005, LogLevel.Debug, "Round {Round}: pending {PendingBytes} bytes, threshold {ThresholdBytes} bytes")]
    public static partial void Round(ILogger logger, long round, long pendingBytes, long thresholdBytes);

    [LoggerMessage(4006, LogLevel.Error, "Cleaning up after a migration failed")]
    public static partial void CleanupFailed(ILogger logger, Exception exception);

    [LoggerMessage(4010, LogLevel.Information, "Incoming migration: {Status}")]
    public static partial void IncomingStatus(ILogger logger, string status);

    [LoggerMessage(4011, LogLevel.Information, "Waiting for a migration at {Address}")]
    public static partial void Listening(ILogger logger, string address);

    [LoggerMessage(4012, LogLevel.Error, "{Reason}")]
    public static partial void IncomingFailed(ILogger logger, string reason);

    [LoggerMessage(4100, LogLevel.Warning, "UUID is received {Uuid} but local UUID isn't set")]
    public static partial void UuidNotCompared(ILogger logger, Guid uuid);

    [LoggerMessage(4101, LogLevel.Warning, "Expected vmdescription section, but got {Type}")]
    public static partial void DescriptionMissing(ILogger logger, byte type);

    [LoggerMessage(4102, LogLevel.Warning, "The description at the end of the stream is cut short")]
    public static partial void DescriptionTruncated(ILogger logger, Exception exception);

    [LoggerMessage(4103, LogLevel.Warning, "CMD_OPEN_RETURN_PATH called when RP already open")]
    public static partial void ReturnPathOpenedTwice(ILogger logger);

    [LoggerMessage(4104, LogLevel.Warning, "CMD_{Command} outside of a postcopy recovery, ignored")]
    public static partial void CommandOutsideRecovery(ILogger logger, string command);

    [LoggerMessage(4105, LogLevel.Debug, "Return path message {Type} with value {Value}")]
    public static partial void ReturnPathMessage(ILogger logger, ReturnPathMessageType type, uint value);
}
