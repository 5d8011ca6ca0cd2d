namespace Godwit.Memory;

/// <summary>An engine that keeps something derived from guest code: it must drop it when somebody else writes there.</summary>
public interface ICodeInvalidator
{
    /// <summary>The range was written by a device or loader, on the calling thread; guest code derived from it is stale.</summary>
    void InvalidateCode(RamAddress start, ulong lengthBytes);
}
