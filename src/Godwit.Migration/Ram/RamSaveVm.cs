using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>The "ram" section, version 4: guest RAM, live (docs/formats/ram.md).</summary>
/// <remarks>
/// Registered once per machine; each migration gets an <see cref="OutgoingRam"/> or an <see cref="IncomingRam"/> of its own.
/// Setup and cleanup are made under the big lock, everything else by the migration or incoming thread.
/// </remarks>
public sealed class RamSaveVm : ISaveVmHandlers, IDisposable
{
    /// <summary>The section's name.</summary>
    public const string IdString = "ram";

    private readonly MemorySystem _memory;
    private readonly IRamMigrationContext _context;
    private readonly IIncomingRamContext? _incomingContext;
    private OutgoingRam? _outgoing;
    private IncomingRam? _incoming;

    /// <summary>Makes the handlers of a machine's RAM.</summary>
    /// <param name="memory">The machine's memory.</param>
    /// <param name="context">What is known of the migration when one runs.</param>
    /// <param name="incoming">The same of an incoming one; null where there are no data channels.</param>
    public RamSaveVm(MemorySystem memory, IRamMigrationContext context, IIncomingRamContext? incoming = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(context);
        _memory = memory;
        _context = context;
        _incomingContext = incoming;
    }

    /// <inheritdoc/>
    public bool HasSetup => true;

    /// <inheritdoc/>
    public bool HasIterate => true;

    /// <inheritdoc/>
    public bool HasComplete => true;

    /// <inheritdoc/>
    public bool HasPostcopy => _context.Capabilities.PostcopyRam;

    /// <summary>What the XBZRLE cache of the last outgoing migration did.</summary>
    public XbzrleStatistics XbzrleStatistics { get; private set; } = new();

    /// <summary>The incoming RAM while a load is going on, else null.</summary>
    public IncomingRam? Incoming => _incoming;

    /// <inheritdoc/>
    public void SaveSetup(MigrationWriter writer)
    {
        XbzrleStatistics = new XbzrleStatistics();
        OutgoingRam outgoing;
        using (_memory.BigLock.EnterIfNeeded())
        {
            _outgoing?.Dispose();
            _outgoing = outgoing = new OutgoingRam(_memory, _context, writer, XbzrleStatistics);
        }

        if (!_memory.BigLock.IsHeld)
        {
            outgoing.WriteSetup();
            return;
        }

        // The peer may be slow to take the block list; nobody has to wait for that.
        using (_memory.BigLock.Suspend())
            outgoing.WriteSetup();
    }

    /// <inheritdoc/>
    public bool SaveLiveIterate(MigrationWriter writer) => Outgoing.WriteIteration();

    /// <inheritdoc/>
    public PendingBytes QueryPending(bool exact, bool final)
    {
        if (_outgoing is not { } outgoing)
            return default;
        if (final)
            outgoing.SyncFinally();
        else if (exact)
            outgoing.Sync();
        long bytes = outgoing.Bitmap.DirtyBytes;
        return HasPostcopy ? new PendingBytes(0, bytes, 0) : new PendingBytes(bytes, 0, 0);
    }

    /// <inheritdoc/>
    public IDisposable? BeginSnapshot() => Outgoing.BeginSnapshot();

    /// <inheritdoc/>
    public void SaveComplete(MigrationWriter writer) => Outgoing.WriteCompletion();

    /// <inheritdoc/>
    public void SaveCleanup()
    {
        using (_memory.BigLock.EnterIfNeeded())
        {
            _outgoing?.Dispose();
            _outgoing = null;
        }
    }

    /// <inheritdoc/>
    public void LoadSetup()
    {
        _incoming?.Dispose();
        MigrationCapabilities capabilities = _incomingContext is { LoadsSnapshot: true } ? default : _context.Capabilities;
        _incoming = new IncomingRam(_memory, RamOptions.From(capabilities, _context.Parameters), _incomingContext);
    }

    /// <inheritdoc/>
    public void LoadState(MigrationReader reader, uint version, SectionType type)
    {
        if (_incoming is null)
            LoadSetup();
        _incoming!.Read(reader, version, type);
    }

    /// <inheritdoc/>
    public void LoadCleanup()
    {
        _incoming?.Dispose();
        _incoming = null;
    }

    /// <summary>Lets go of what a migration that was not cleaned up still holds.</summary>
    public void Dispose()
    {
        SaveCleanup();
        LoadCleanup();
    }

    private OutgoingRam Outgoing =>
        _outgoing ?? throw new InvalidOperationException("RAM cannot be sent before its setup.");
}
