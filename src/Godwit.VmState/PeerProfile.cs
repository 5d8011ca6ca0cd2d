using System.Diagnostics.CodeAnalysis;

namespace Godwit.VmState;

/// <summary>What a QEMU of one release writes and accepts, as data.</summary>
/// <param name="Name">Short name, for instance "10.0".</param>
/// <param name="Release">The release as a version, so that tables can select by it.</param>
[SuppressMessage("Naming", "CA1707:Remove the underscores", Justification = "The underscore stands for the point in a release number.")]
public sealed record PeerProfile(string Name, Version Release)
{
    /// <summary>QEMU 7.2.</summary>
    public static PeerProfile Qemu7_2 { get; } = new("7.2", new Version(7, 2))
    {
        DescriptionHasConfiguration = false,
        ArrayIndexStyle = ArrayIndexStyle.EveryElement,
        PointerMarkerTypeName = null,
        HasLowPriority = false,
        HasApicPriority = false,
        SendsSwitchoverStart = false,
        AcceptsSwitchoverStart = false,
        SwitchoverAckRule = SwitchoverAckRule.None,
        AcceptsEnableColo = true,
        HasSuspendedFlag = false,
        HasMultiFdZeroPages = false,
        HasMultiFdFlushRecord = false,
        HasMappedRam = false,
    };

    /// <summary>QEMU 10.0.</summary>
    public static PeerProfile Qemu10_0 { get; } = new("10.0", new Version(10, 0));

    /// <summary>QEMU 11.1.</summary>
    public static PeerProfile Qemu11_1 { get; } = new("11.1", new Version(11, 1))
    {
        ArrayIndexStyle = ArrayIndexStyle.None,
        PointerMarkerTypeName = "ptr-marker",
        HasLowPriority = true,
        HasApicPriority = true,
        SwitchoverAckRule = SwitchoverAckRule.Counted,
        AcceptsEnableColo = false,
        PingsBeforePostcopyRun = true,
        HasOneLineErrors = true,
        SavesEarlySetupInListOrder = false,
    };

    /// <summary>The profile used when nobody names one.</summary>
    public static PeerProfile Default => Qemu10_0;

    /// <summary>All known profiles, oldest first.</summary>
    public static IReadOnlyList<PeerProfile> All { get; } = [Qemu7_2, Qemu10_0, Qemu11_1];

    /// <summary>The JSON description opens with the configuration section.</summary>
    public bool DescriptionHasConfiguration { get; init; } = true;

    /// <summary>Which elements of an array that is not run-length described carry an index.</summary>
    public ArrayIndexStyle ArrayIndexStyle { get; init; } = ArrayIndexStyle.AllButLast;

    /// <summary>Type name of a null marker in the JSON; null when markers have no entry of their own.</summary>
    public string? PointerMarkerTypeName { get; init; } = "nullptr";

    /// <summary><see cref="MigrationPriority.Low"/> exists.</summary>
    public bool HasLowPriority { get; init; }

    /// <summary><see cref="MigrationPriority.Apic"/> exists.</summary>
    public bool HasApicPriority { get; init; }

    /// <summary>As a source of an unversioned machine it sends the SWITCHOVER_START command.</summary>
    public bool SendsSwitchoverStart { get; init; } = true;

    /// <summary>As a destination it knows the SWITCHOVER_START command.</summary>
    public bool AcceptsSwitchoverStart { get; init; } = true;

    /// <summary>When a destination acknowledges the switchover.</summary>
    public SwitchoverAckRule SwitchoverAckRule { get; init; } = SwitchoverAckRule.Legacy;

    /// <summary>As a destination it knows the ENABLE_COLO command.</summary>
    public bool AcceptsEnableColo { get; init; } = true;

    /// <summary>Sends PING 0x42 in the postcopy package just before RUN, and has the state <c>postcopy-device</c>.</summary>
    public bool PingsBeforePostcopyRun { get; init; }

    /// <summary>The <c>globalstate</c> section says whether the VM was suspended.</summary>
    public bool HasSuspendedFlag { get; init; } = true;

    /// <summary>Zero pages travel in multifd packets.</summary>
    public bool HasMultiFdZeroPages { get; init; } = true;

    /// <summary>The RAM section has MULTIFD_FLUSH records.</summary>
    public bool HasMultiFdFlushRecord { get; init; } = true;

    /// <summary>Knows <c>file:</c> and the capability mapped-ram.</summary>
    public bool HasMappedRam { get; init; } = true;

    /// <summary>
    /// Early-setup sections and START sections come from one walk over the list, so <c>ram</c> goes first; else all early ones first.
    /// </summary>
    public bool SavesEarlySetupInListOrder { get; init; } = true;

    /// <summary>Load errors are one line with context, not one line per level.</summary>
    public bool HasOneLineErrors { get; init; }

    /// <summary>Finds a profile by its name; a longer version ("10.0.2") finds its release.</summary>
    public static PeerProfile? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (PeerProfile profile in All)
        {
            if (name.Equals(profile.Name, StringComparison.Ordinal) || name.StartsWith(profile.Name + ".", StringComparison.Ordinal))
                return profile;
        }

        return null;
    }

    /// <summary>The priority that this release gives to an entry.</summary>
    public MigrationPriority GetPriority(MigrationPriority priority) => priority switch
    {
        MigrationPriority.Low when !HasLowPriority => MigrationPriority.Default,
        MigrationPriority.Apic when !HasApicPriority => MigrationPriority.Default,
        _ => priority,
    };
}
