namespace Godwit.Migration;

/// <summary>The capabilities and parameters of one virtual machine, as the monitor sets them and the engine reads them.</summary>
/// <remarks>
/// Thread-safe. Readers take a snapshot (<see cref="Capabilities"/>, <see cref="Parameters"/>); parameters may change while a migration
/// runs and take effect at the next look, capabilities may not.
/// </remarks>
public sealed class MigrationSettings
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private MigrationParameters _parameters = MigrationParameters.Default;
    private CapabilityBox _capabilities = new(default);

    private sealed record CapabilityBox(MigrationCapabilities Value);

    /// <summary>Asked when capabilities change: facts about machine and process.</summary>
    public Func<MigrationEnvironment> Environment { get; init; } = static () => new MigrationEnvironment();

    /// <summary>Asked when capabilities change: true while an outgoing migration runs, which forbids it.</summary>
    public Func<bool> IsMigrationRunning { get; set; } = static () => false;

    /// <summary>
    /// Whether multifd channels are brought into step at the end of each section; null for what the peer's release does. Must be the same on
    /// both sides.
    /// </summary>
    public bool? MultiFdSyncsEachSection { get; set; }

    /// <summary>
    /// How long a channel of an incoming migration may stall where its peer has nothing to wait for: <c>x-channel-timeout</c>, 60 s while that is 0.
    /// </summary>
    public TimeSpan ChannelTimeout => Parameters.ChannelTimeout ?? _patience;

    /// <summary>The capabilities in force.</summary>
    public MigrationCapabilities Capabilities => Volatile.Read(ref _capabilities).Value;

    /// <summary>The parameters in force.</summary>
    public MigrationParameters Parameters => Volatile.Read(ref _parameters);

    /// <summary>Applies a list of changes as a whole or not at all; later entries win.</summary>
    /// <exception cref="MigrationRefusedException">A migration runs, a name is unknown or not built yet, or the resulting set is not allowed.</exception>
    public void SetCapabilities(IEnumerable<KeyValuePair<string, bool>> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        lock (_lock)
        {
            if (IsMigrationRunning())
                throw new MigrationRefusedException("There's a migration process in progress");
            var current = _capabilities.Value;
            var wanted = current;
            foreach (var (name, on) in changes)
            {
                if (!MigrationCapabilityTable.TryParse(name, out var capability))
                    throw new MigrationRefusedException($"Parameter 'capability' does not accept value '{name}'");
                wanted = wanted.With(capability, on);
            }

            if (MigrationCapabilityRules.Check(wanted, current, _parameters, Environment()) is { } refusal)
                throw new MigrationRefusedException(refusal);

            // Last, so that what cannot go together is refused with the peers' texts whether or not it is built.
            foreach (var row in MigrationCapabilityTable.All)
            {
                if (wanted[row.Capability] && !row.IsBuilt)
                    throw new MigrationRefusedException($"Capability '{row.Name}' is not built yet");
            }
            Volatile.Write(ref _capabilities, new CapabilityBox(wanted));
        }
    }

    /// <summary>Applies a list of changes as a whole or not at all; allowed while a migration runs.</summary>
    /// <exception cref="MigrationRefusedException">A name, type or range is wrong, or the resulting set is not allowed.</exception>
    public void SetParameters(IEnumerable<KeyValuePair<string, MigrationParameterValue>> changes)
    {
        lock (_lock)
        {
            var wanted = _parameters.With(changes);
            var capabilities = _capabilities.Value;
            if (wanted.IsCompressedOrEncrypted)
            {
                if (capabilities[MigrationCapability.ZeroCopySend])
                    throw new MigrationRefusedException("Zero copy only available for non-compressed non-TLS multifd migration");
                if (capabilities.MappedRam)
                    throw new MigrationRefusedException("Mapped-ram only available for non-compressed non-TLS multifd migration");
            }

            Volatile.Write(ref _parameters, wanted);
        }
    }
}
