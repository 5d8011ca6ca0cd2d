namespace Godwit.Machine;

/// <summary>The guest has ended its machine.</summary>
/// <param name="exitCode">0 for a power off; else the code of a failure that the guest reports.</param>
public sealed class PowerOffEventArgs(int exitCode) : EventArgs
{
    /// <summary>0 for a power off; else the code, up to 65535, of a failure that the guest reports.</summary>
    public int ExitCode { get; } = exitCode;
}
