namespace Godwit.Migration;

/// <summary>An immutable set of switched-on capabilities; all are off by default.</summary>
public readonly record struct MigrationCapabilities
{
    private readonly uint _bits;

    private MigrationCapabilities(uint bits) => _bits = bits;

    /// <summary>True when the capability is on.</summary>
    public bool this[MigrationCapability capability] => (_bits & (1u << (int)capability)) != 0;

    /// <summary>Send differences of cached pages.</summary>
    public bool Xbzrle => this[MigrationCapability.Xbzrle];

    /// <summary>Throttle vCPUs when the migration does not converge.</summary>
    public bool AutoConverge => this[MigrationCapability.AutoConverge];

    /// <summary>Emit MIGRATION and MIGRATION_PASS events.</summary>
    public bool Events => this[MigrationCapability.Events];

    /// <summary>Allow the switch to postcopy.</summary>
    public bool PostcopyRam => this[MigrationCapability.PostcopyRam];

    /// <summary>Use the channel from destination to source in precopy.</summary>
    public bool ReturnPath => this[MigrationCapability.ReturnPath];

    /// <summary>Wait in pre-switchover for migrate-continue.</summary>
    public bool PauseBeforeSwitchover => this[MigrationCapability.PauseBeforeSwitchover];

    /// <summary>Several data channels.</summary>
    public bool MultiFd => this[MigrationCapability.MultiFd];

    /// <summary>Skip shared memory blocks.</summary>
    public bool IgnoreShared => this[MigrationCapability.XIgnoreShared];

    /// <summary>Compare the machine's UUID.</summary>
    public bool ValidateUuid => this[MigrationCapability.ValidateUuid];

    /// <summary>Snapshot of the memory as it was at the start.</summary>
    public bool BackgroundSnapshot => this[MigrationCapability.BackgroundSnapshot];

    /// <summary>A channel of its own for urgent pages.</summary>
    public bool PostcopyPreempt => this[MigrationCapability.PostcopyPreempt];

    /// <summary>Wait for the destination's acknowledgement before switching over.</summary>
    public bool SwitchoverAck => this[MigrationCapability.SwitchoverAck];

    /// <summary>Limit dirtying per vCPU instead of throttling.</summary>
    public bool DirtyLimit => this[MigrationCapability.DirtyLimit];

    /// <summary>Fixed page offsets in a file.</summary>
    public bool MappedRam => this[MigrationCapability.MappedRam];

    /// <summary>The same set with one capability switched.</summary>
    public MigrationCapabilities With(MigrationCapability capability, bool on = true) =>
        new(on ? _bits | (1u << (int)capability) : _bits & ~(1u << (int)capability));
}
