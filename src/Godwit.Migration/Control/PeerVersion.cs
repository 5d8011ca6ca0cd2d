using Godwit.VmState;

namespace Godwit.Migration;

/// <summary>The parameter <c>x-peer-version</c>: for which release a source writes its sections.</summary>
public static class PeerVersion
{
    /// <summary>Its default: the release that the guest came from; for a guest that was started here, the machine's own.</summary>
    public const string Automatic = "auto";

    /// <summary>The release to write for.</summary>
    /// <param name="parameters">The parameters in force.</param>
    /// <param name="origin">The release that the guest came from; null for a guest that was started here.</param>
    /// <param name="own">The release that the machine presents itself as.</param>
    public static PeerProfile Resolve(MigrationParameters parameters, PeerProfile? origin, PeerProfile own)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return PeerProfile.Find(parameters[MigrationParameter.XPeerVersion].Text) ?? origin ?? own;
    }
}
