using System.Collections.Immutable;
using System.Text;

namespace Godwit.VmState;

/// <summary>Everything of one VM that has state to migrate, in the order in which it is saved.</summary>
/// <remarks>Registering happens while the machine is built and while devices come and go, under the big lock; reading is free.</remarks>
public sealed class VmStateRegistry
{
    private readonly Lock _lock = new();
    private readonly List<MigrationBlocker> _blockers = [];
    private ImmutableArray<SaveStateEntry> _registered = [];
    private volatile Order? _order;
    private uint _nextSectionId;

    /// <summary>All entries as the default profile saves them: by priority, then by registration.</summary>
    public ImmutableArray<SaveStateEntry> Entries => GetEntries(PeerProfile.Default);

    /// <summary>The reason that forbids a migration: an unmigratable device, else the blocker added last; null when there is none.</summary>
    public string? BlockedReason
    {
        get
        {
            foreach (SaveStateEntry entry in _registered)
            {
                if (entry.Description is { Unmigratable: true })
                    return $"State blocked by non-migratable device '{entry.IdString}'";
            }

            lock (_lock)
                return _blockers.Count == 0 ? null : _blockers[^1].Reason;
        }
    }

    /// <summary>All reasons given by <see cref="AddBlocker"/> that still hold.</summary>
    public IReadOnlyList<string> Blockers
    {
        get
        {
            lock (_lock)
                return [.. _blockers.Select(blocker => blocker.Reason)];
        }
    }

    /// <summary>All entries as a peer of this profile orders them: by priority, then by registration.</summary>
    public ImmutableArray<SaveStateEntry> GetEntries(PeerProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ImmutableArray<SaveStateEntry> registered = _registered;
        if (_order is { } order && ReferenceEquals(order.Profile, profile) && order.Registered == registered)
            return order.Entries;

        // A stable sort: inside one priority, registration decides. Kept, because each section of a stream looks here.
        ImmutableArray<SaveStateEntry> entries = [.. registered.OrderByDescending(entry => (int)profile.GetPriority(entry.Priority))];
        _order = new Order(profile, registered, entries);
        return entries;
    }

    /// <summary>Registers an object with its description.</summary>
    /// <param name="description">The table of its state.</param>
    /// <param name="owner">The object.</param>
    /// <param name="devicePath">Path from the parent bus, or null; with a path the instance id is 0.</param>
    /// <param name="instanceId">Given by the registrant, or null: one more than the highest used with the same idstr.</param>
    /// <param name="aliasId">A second accepted instance id.</param>
    /// <exception cref="InvalidOperationException">The same idstr and instance are registered already.</exception>
    public SaveStateEntry Register<T>(
        VmStateDescription<T> description,
        T owner,
        string? devicePath = null,
        uint? instanceId = null,
        uint? aliasId = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(description);
        return RegisterVariants(_ => description, [description], owner, devicePath, instanceId, aliasId);
    }

    /// <summary>Registers an object whose section differs by peer.</summary>
    /// <param name="forSaving">The table to write for a peer; all have one name.</param>
    /// <param name="forLoading">The tables that can be read; the version in the section header chooses.</param>
    /// <param name="owner">The object.</param>
    /// <param name="devicePath">Path from the parent bus, or null; with a path the instance id is 0.</param>
    /// <param name="instanceId">Given by the registrant, or null: one more than the highest used with the same idstr.</param>
    /// <param name="aliasId">A second accepted instance id.</param>
    /// <exception cref="InvalidOperationException">The same idstr and instance are registered already.</exception>
    public SaveStateEntry RegisterVariants<T>(
        Func<PeerProfile, VmStateDescription<T>> forSaving,
        IReadOnlyList<VmStateDescription<T>> forLoading,
        T owner,
        string? devicePath = null,
        uint? instanceId = null,
        uint? aliasId = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(forSaving);
        ArgumentNullException.ThrowIfNull(forLoading);
        ArgumentNullException.ThrowIfNull(owner);
        string name = forSaving(PeerProfile.Default).Name;
        lock (_lock)
        {
            Identity identity = Identify(name, devicePath, instanceId);
            return Add(new SaveStateEntry(identity.IdString, identity.InstanceId, owner, forSaving, forLoading)
            {
                AliasId = aliasId ?? identity.InstanceId,
                CompatIdString = identity.CompatIdString,
                CompatInstanceId = identity.CompatInstanceId,
                SectionId = _nextSectionId++,
            });
        }
    }

    /// <summary>Registers an entry with hand-written handlers.</summary>
    /// <param name="idString">Its name on the wire, without a device path.</param>
    /// <param name="version">Version written, and the highest accepted.</param>
    /// <param name="handlers">The callbacks.</param>
    /// <param name="devicePath">Path from the parent bus, or null; with a path the instance id is 0.</param>
    /// <param name="instanceId">Given by the registrant, or null: one more than the highest used with the same idstr.</param>
    /// <param name="priority">Order among entries.</param>
    /// <exception cref="InvalidOperationException">The same idstr and instance are registered already.</exception>
    public SaveStateEntry RegisterHandlers(
        string idString,
        uint version,
        ISaveVmHandlers handlers,
        string? devicePath = null,
        uint? instanceId = null,
        MigrationPriority priority = MigrationPriority.Default)
    {
        ArgumentException.ThrowIfNullOrEmpty(idString);
        ArgumentNullException.ThrowIfNull(handlers);
        lock (_lock)
        {
            Identity identity = Identify(idString, devicePath, instanceId);
            return Add(new SaveStateEntry(identity.IdString, identity.InstanceId, version, opaque: null, forLoading: [])
            {
                CompatIdString = identity.CompatIdString,
                CompatInstanceId = identity.CompatInstanceId,
                SectionId = _nextSectionId++,
                Handlers = handlers,
                Priority = priority,
            });
        }
    }

    /// <summary>Leaves out a section id, for an entry that peers have and never write here.</summary>
    public void SkipSectionId()
    {
        lock (_lock)
            _nextSectionId++;
    }

    /// <summary>Takes an entry out; the section id is not used again.</summary>
    public void Unregister(SaveStateEntry entry)
    {
        lock (_lock)
            _registered = _registered.Remove(entry);
    }

    /// <summary>Finds the entry of a section header: by idstr, else by compat id, each with the own or the alias instance.</summary>
    public SaveStateEntry? Find(string idString, uint instanceId) => Find(idString, instanceId, PeerProfile.Default);

    /// <summary>Finds the entry of a section header in the list order of a profile.</summary>
    public SaveStateEntry? Find(string idString, uint instanceId, PeerProfile profile)
    {
        foreach (SaveStateEntry entry in GetEntries(profile))
        {
            if (entry.IdString.Equals(idString, StringComparison.Ordinal)
                && (entry.InstanceId == instanceId || entry.AliasId == instanceId))
            {
                return entry;
            }

            if (entry.CompatIdString is string compat && compat.Equals(idString, StringComparison.Ordinal)
                && (entry.CompatInstanceId == instanceId || entry.AliasId == instanceId))
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>Asked when a blocker is added: true while a migration runs, which it could not stop any more.</summary>
    public Func<bool> IsMigrationRunning { get; set; } = static () => false;

    /// <summary>Forbids migration, with a reason, until the returned object is disposed of.</summary>
    /// <exception cref="VmStateException">A migration runs already.</exception>
    public IDisposable AddBlocker(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        if (IsMigrationRunning())
            throw new VmStateException($"disallowing migration blocker (migration/snapshot in progress) for: {reason}");
        var blocker = new MigrationBlocker(this, reason);
        lock (_lock)
            _blockers.Add(blocker);
        return blocker;
    }

    internal void RemoveBlocker(MigrationBlocker blocker)
    {
        lock (_lock)
            _blockers.Remove(blocker);
    }

    private Identity Identify(string name, string? devicePath, uint? instanceId)
    {
        bool hasPath = !string.IsNullOrEmpty(devicePath);
        string idString = hasPath ? $"{devicePath}/{name}" : name;
        if (Encoding.UTF8.GetByteCount(idString) > StreamConstants.MaxCountedStringBytes)
            throw new ArgumentException($"idstr '{idString}' is longer than {StreamConstants.MaxCountedStringBytes} bytes", nameof(devicePath));
        return hasPath
            ? new Identity(idString, 0, name, instanceId ?? NextCompatInstance(name))
            : new Identity(idString, instanceId ?? NextInstance(idString), null, 0);
    }

    private uint NextInstance(string idString)
    {
        uint next = 0;
        foreach (SaveStateEntry entry in _registered)
        {
            if (entry.IdString.Equals(idString, StringComparison.Ordinal) && entry.InstanceId >= next)
                next = entry.InstanceId + 1;
        }

        return next;
    }

    private uint NextCompatInstance(string name)
    {
        uint next = 0;
        foreach (SaveStateEntry entry in _registered)
        {
            if (name.Equals(entry.CompatIdString, StringComparison.Ordinal) && entry.CompatInstanceId >= next)
                next = entry.CompatInstanceId + 1;
        }

        return next;
    }

    private SaveStateEntry Add(SaveStateEntry entry)
    {
        foreach (SaveStateEntry other in _registered)
        {
            if (other.IdString.Equals(entry.IdString, StringComparison.Ordinal) && other.InstanceId == entry.InstanceId)
                throw new InvalidOperationException($"'{entry.IdString}' instance {entry.InstanceId} is registered twice");
        }

        _registered = _registered.Add(entry);
        return entry;
    }

    private sealed record Order(PeerProfile Profile, ImmutableArray<SaveStateEntry> Registered, ImmutableArray<SaveStateEntry> Entries);

    private readonly record struct Identity(string IdString, uint InstanceId, string? CompatIdString, uint CompatInstanceId);
}
