namespace Godwit.VmState;

/// <summary>When a destination acknowledges the switchover (docs/formats/return-path.md).</summary>
public enum SwitchoverAckRule
{
    /// <summary>The message is not known (7.2).</summary>
    None = 0,

    /// <summary>Exactly one acknowledgement per migration (10.0).</summary>
    Legacy = 1,

    /// <summary>One acknowledgement per request of a source device (11.1).</summary>
    Counted = 2,
}
