using System.Runtime.InteropServices;

namespace Godwit.VmState;

/// <summary>What an iterative entry still has to send, by the moment at which it can be sent.</summary>
/// <param name="MustPrecopy">Bytes that have to go before the guest runs at the destination.</param>
/// <param name="CanPostcopy">Bytes that may also go after the switch to postcopy.</param>
/// <param name="StopOnly">Bytes that can go only while the guest is stopped.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PendingBytes(long MustPrecopy, long CanPostcopy, long StopOnly)
{
    /// <summary>Everything that is pending, in bytes.</summary>
    public long TotalBytes => MustPrecopy + CanPostcopy + StopOnly;

    /// <summary>Sums two reports.</summary>
    public static PendingBytes operator +(PendingBytes left, PendingBytes right) => left.Add(right);

    /// <summary>Sums two reports.</summary>
    public PendingBytes Add(PendingBytes other) =>
        new(MustPrecopy + other.MustPrecopy, CanPostcopy + other.CanPostcopy, StopOnly + other.StopOnly);
}
