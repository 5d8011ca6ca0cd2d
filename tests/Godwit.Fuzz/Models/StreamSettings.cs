using Godwit.Migration;
using Godwit.VmState;

namespace Godwit.Fuzz;

/// <summary>What byte 0 of an input says about the destination.</summary>
internal sealed record StreamSettings(byte Value)
{
    /// <summary>Which release it presents itself as.</summary>
    public PeerProfile Profile { get; } = PeerProfile.All[(Value & 3) % PeerProfile.All.Count];

    public MigrationCapabilities Capabilities { get; } = default(MigrationCapabilities)
        .With(MigrationCapability.XIgnoreShared, (Value & 4) != 0)
        .With(MigrationCapability.PostcopyRam, (Value & 8) != 0)
        .With(MigrationCapability.SwitchoverAck, (Value & 16) != 0);

    public bool HasReturnPath => (Value & 32) == 0;

    public Guid? Uuid { get; } = (Value & 64) == 0 ? StreamModel.Uuid : null;

    public bool AcknowledgesAtOnce => Capabilities.SwitchoverAck && Profile.SwitchoverAckRule == SwitchoverAckRule.Legacy;
}
