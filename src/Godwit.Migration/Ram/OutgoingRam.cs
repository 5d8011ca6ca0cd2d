using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>
/// The source side of the "ram" section for one migration: dirty bits → runs of pages → records (docs/formats/ram.md).
/// </summary>
/// <remarks>
/// The migration thread makes all calls; <see cref="Dispose"/> may come from another one when that thread has ended.
/// A page's dirty log is cleared, then its bit, then its bytes are read: it may be sent twice, never missed.
/// </remarks>
public sealed class OutgoingRam : IRamListObserver, IDisposable
{
    /// <summary>Pages handled between two looks at the clock, and the longest run that is taken at once.</summary>
    public const int PagesPerClockCheck = 64;

    /// <summary>The longest that one PART section gathers pages.</summary>
    public static readonly TimeSpan MaxPartDuration = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan _longestWithoutSync = TimeSpan.FromSeconds(5);

    private readonly MemorySystem _memory;
    private readonly IRamMigrationContext _context;
    private readonly RamOptions _options;
    private readonly MigrationStatistics _statistics;
    private readonly MigrationWriter _writer;
    private readonly RamRecordEncoder _encoder;
    private readonly ImmutableArray<RamBlock> _blocks;
    private readonly PageSearch _search;
    private readonly DirtyRatePeriod _period;
    private readonly XbzrleSender? _xbzrle;
    private readonly AutoConverge? _autoConverge;
    private readonly DirtyLimit? _dirtyLimit;
    private readonly MappedRamFile? _file;
    private readonly FreePageFilter? _freePages;
    private IPageTransport? _transport;
    private SnapshotSender? _snapshot;
    private long _lastSyncTimestamp;
    private long _newlyDirtyAtPeriod;
    private long _sentAtPeriod;
    private bool _xbzrleStarted;
    private bool _lastStage;
    private bool _isDisposed;

    /// <summary>Takes hold of all migratable blocks, starts dirty logging and does the first sync. The big lock is held.</summary>
    /// <param name="memory">The memory to send.</param>
    /// <param name="context">The migration that this is part of.</param>
    /// <param name="writer">The main channel.</param>
    /// <param name="xbzrleStatistics">Where the XBZRLE cache counts.</param>
    public OutgoingRam(MemorySystem memory, IRamMigrationContext context, MigrationWriter writer, XbzrleStatistics xbzrleStatistics)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(writer);
        _memory = memory;
        _context = context;
        _options = RamOptions.From(context.Capabilities, context.Parameters);
        _statistics = context.Statistics;
        _writer = writer;
        _encoder = new RamRecordEncoder(writer);
        _period = new DirtyRatePeriod(_statistics.Clock);
        _blocks = [.. memory.Ram.Blocks.Where(block => block.IsMigratable && block.TryAddReference())];
        if (_options.Xbzrle)
            _xbzrle = new XbzrleSender(UsefulCacheBytes(_options.XbzrleCacheSizeBytes), xbzrleStatistics);
        if (_options.MappedRam)
            _file = new MappedRamFile();
        if (context.Capabilities.AutoConverge)
            _autoConverge = new AutoConverge();
        if (context.Capabilities.DirtyLimit)
            _dirtyLimit = new DirtyLimit(context);
        Bitmap = new MigrationBitmap(memory, _blocks.Where(block => !_options.IsIgnored(block)), _options.ClearBitmapShift);
        _search = new PageSearch(Bitmap);
        _statistics.TotalBytes = Bitmap.DirtyBytes;
        memory.Ram.AddObserver(this);
        try
        {
            if (_options.BackgroundSnapshot)
                return; // nothing is sent twice

            // In postcopy a page that was left out would be asked for.
            if (!_options.PostcopyRam && context.FreePageHints is { } hints)
                _freePages = new FreePageFilter(hints, Bitmap);
            memory.StartGlobalLogging(GlobalDirtyTracking.Migration);
            Sync(lastStage: false);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What is still to be sent.</summary>
    public MigrationBitmap Bitmap { get; }

    /// <summary>Writes the body of the START section: the block list.</summary>
    public void WriteSetup()
    {
        if (_file is not null && !_writer.Channel.IsSeekable)
            throw new MigrationFailedException("Migration requires seekable transport (e.g. file)");
        _transport = CreateTransport();
        ulong total = 0;
        foreach (RamBlock block in _blocks)
            total += block.UsedLengthBytes;
        _encoder.WriteMemorySize(total);
        foreach (RamBlock block in _blocks)
        {
            _encoder.WriteBlockListEntry(_options.ListEntryOf(block));
            _file?.LayOut(_writer, block, _options.IsIgnored(block));
        }

        _transport?.EndSetup();
        EndSection();
    }

    /// <summary>
    /// Protects memory, with the guest stopped: what is sent from now on is the memory of this instant. Ended by disposing of what is returned.
    /// </summary>
    /// <exception cref="MigrationFailedException">What runs the CPUs cannot protect memory.</exception>
    public IDisposable BeginSnapshot()
    {
        IWriteProtection protection = _context.WriteProtection
            ?? throw new MigrationFailedException("Background-snapshot is not supported by host kernel");
        return _snapshot = new SnapshotSender(
            Bitmap, _search, protection, _encoder, _writer, _transport as MappedRamSender, _statistics, _options.DetectZeroPages);
    }

    /// <summary>Writes the body of a PART section: pages until the budget or the time is used up.</summary>
    /// <returns>Whether no page was left to be sent.</returns>
    public bool WriteIteration()
    {
        FollowParameters();
        long start = _statistics.Clock.GetTimestamp();
        long startSent = _transport?.BytesSent ?? 0;
        long startPosition = _writer.Position;
        long budget = RemainingBudget();
        int sinceClockCheck = 0;
        bool isDone = false;
        long used;
        while (budget > (used = _writer.Position - startPosition + (_transport?.BytesSent ?? 0) - startSent))
        {
            // Short of the budget's end the runs get shorter, so that a slice is not overdrawn by a whole run.
            long fits = (budget - used) / TargetPage.SizeBytes + 1;
            int handled = SendNext((int)Math.Min(PagesPerClockCheck, fits));
            if (handled == 0)
            {
                isDone = true;
                break;
            }

            sinceClockCheck += handled;
            if (sinceClockCheck >= PagesPerClockCheck)
            {
                sinceClockCheck = 0;
                if (_statistics.Clock.GetElapsedTime(start) > MaxPartDuration)
                    break;
            }
        }

        // A background snapshot has no END section.
        _transport?.EndSection(isLast: isDone && _snapshot is not null);
        EndSection();
        _statistics.AddRamBytes(_writer.Position - startPosition);
        _statistics.RemainingBytes = Bitmap.DirtyBytes;
        return isDone;
    }

    /// <summary>Does the last sync, with the guest stopped; more than one call does no harm.</summary>
    public void SyncFinally()
    {
        if (_lastStage)
            return;
        _lastStage = true;
        Sync(lastStage: true);
    }

    /// <summary>Harvests the dirty logs again.</summary>
    public void Sync() => Sync(_lastStage);

    /// <summary>Writes the body of the END section: all that is left, without regard to any budget. The guest is stopped.</summary>
    public void WriteCompletion()
    {
        SyncFinally();
        long startPosition = _writer.Position;
        while (SendNext(PagesPerClockCheck) != 0)
        {
            // All pages go.
        }

        _transport?.EndSection(isLast: true);
        EndSection();
        _statistics.AddRamBytes(_writer.Position - startPosition);
        _statistics.RemainingBytes = Bitmap.DirtyBytes;
    }

    /// <inheritdoc/>
    public void BlockAdded(RamBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (block.IsMigratable)
            _context.RamChanged($"RAM block '{block.IdString}' was added during the migration");
    }

    /// <inheritdoc/>
    public void BlockRemoved(RamBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (_blocks.Contains(block))
            _context.RamChanged($"RAM block '{block.IdString}' was removed during the migration");
    }

    /// <inheritdoc/>
    public void BlockResizing(RamBlock block, ulong oldLengthBytes, ulong newLengthBytes)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (_blocks.Contains(block))
        {
            _context.RamResized(string.Create(
                CultureInfo.InvariantCulture,
                $"RAM block '{block.IdString}' was resized from 0x{oldLengthBytes:x} to 0x{newLengthBytes:x} bytes during the migration"));
        }
    }

    /// <summary>Stops dirty logging and lets go of the blocks, under the big lock.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _snapshot?.Dispose();
        _transport?.Dispose();
        _freePages?.End();
        if (_autoConverge is not null)
            _context.CpuThrottlePercentage = 0;
        _dirtyLimit?.End();
        using BigLock.Scope held = _memory.BigLock.EnterIfNeeded();
        _memory.Ram.RemoveObserver(this);
        _memory.StopGlobalLogging(GlobalDirtyTracking.Migration);
        _xbzrle?.Dispose();
        foreach (RamBlock block in _blocks)
            block.ReleaseReference();
    }

    private void Sync(bool lastStage)
    {
        _freePages?.BeforeSync();
        Bitmap.Sync(lastStage);
        if (lastStage)
            _freePages?.End();
        else
            _freePages?.AfterSync();
        long count = _statistics.CountDirtySync(Bitmap.DirtyBytes);
        _lastSyncTimestamp = _statistics.Clock.GetTimestamp();
        if (_period.TryEnd(Bitmap.NewlyDirtyPages, out long pagesPerSecond))
        {
            Throttle();
            _statistics.DirtyPagesPerSecond = pagesPerSecond;
            _xbzrle?.Statistics.EndPeriod(_statistics.NormalPages + _statistics.ZeroPages + _statistics.XbzrlePages);
        }

        _context.DirtySyncDone(count);
    }

    private IPageTransport? CreateTransport()
    {
        if (_options.MultiFd)
            return new MultiFdSender(_context, _encoder, _writer, _options, _file);
        return _file is null ? null : new MappedRamSender(_file, _writer.Channel, _statistics, _context.Limiter, _options.DetectZeroPages);
    }

    /// <summary>What may change while the migration runs, and the sync that auto-converge needs in very long rounds.</summary>
    private void FollowParameters()
    {
        _xbzrle?.Resize(UsefulCacheBytes((long)Math.Min(long.MaxValue, _context.Parameters.XbzrleCacheSizeBytes)));
        if (_autoConverge is not null && Bitmap.SyncCount > 1 && _statistics.Clock.GetElapsedTime(_lastSyncTimestamp) >= _longestWithoutSync)
            Sync();
    }

    private void Throttle()
    {
        long dirty = Bitmap.NewlyDirtyPages;
        long sent = _statistics.TransferredBytes;
        long dirtyBytes = (dirty - _newlyDirtyAtPeriod) << TargetPage.Bits;
        long sentBytes = sent - _sentAtPeriod;
        if (_autoConverge is not null)
        {
            int current = _context.CpuThrottlePercentage;
            int wanted = _autoConverge.Decide(current, dirtyBytes, sentBytes, ThrottleSettings.From(_context.Parameters));
            if (wanted != current)
                _context.CpuThrottlePercentage = wanted;
        }

        _dirtyLimit?.Decide(dirtyBytes, sentBytes);
        _newlyDirtyAtPeriod = dirty;
        _sentAtPeriod = sent;
    }

    /// <summary>A cache with more slots than there are pages works like one with a slot for each.</summary>
    private long UsefulCacheBytes(long wanted)
    {
        ulong end = TargetPage.SizeBytes;
        foreach (RamBlock block in _blocks)
            end = Math.Max(end, block.Offset.Value + block.MaxLengthBytes);
        return (long)Math.Min((ulong)wanted, BitOperations.RoundUpToPowerOf2(end));
    }

    private long RemainingBudget()
    {
        if (_context.Limiter is not { } limiter)
            return long.MaxValue;
        return limiter.IsExceeded ? 0 : limiter.RemainingBytes; // asking also begins a new slice when its time has come
    }

    private void EndSection()
    {
        _encoder.WriteEndOfSection();
        _writer.Flush();
    }

    /// <summary>Sends the next run of dirty pages; returns how many pages it had, 0 if nothing is dirty.</summary>
    private int SendNext(int maxPages)
    {
        if (_snapshot is not null)
            return _snapshot.SendNext(maxPages);
        _search.Begin();
        while (true)
        {
            switch (_search.Next(maxPages, out PageRun run))
            {
                case PageSearchOutcome.Clean:
                    return 0;
                case PageSearchOutcome.Wrapped:
                    _xbzrleStarted = _xbzrle is not null;
                    _transport?.EndRound();
                    break;
                default:
                    int sent = SendRun(run);
                    while (_search.NextInHostPage(maxPages, out run))
                        sent += SendRun(run);
                    if (sent == 0)
                        break; // every page was known to the peer already
                    _search.Commit(repeatsLast: _transport is null);
                    return sent;
            }
        }
    }

    /// <summary>
    /// How many bytes from <paramref name="offset"/> on were never touched: they are zero, and looking at them would give them memory.
    /// Asked after their dirty bits were cleared, so that a guest that touches them now marks them dirty again.
    /// </summary>
    private static int UntouchedBytes(RamBlock block, ulong offset, int lengthBytes) =>
        (int)Math.Min(lengthBytes, block.Mapping.FindTouched((long)offset) - (long)offset);

    /// <summary>Sends a run; returns how many pages needed a record.</summary>
    private int SendRun(in PageRun run)
    {
        if (_transport is not null)
        {
            _transport.Send(run);
            return run.Count;
        }

        RamBlock block = run.Block;
        ulong offset = run.Start.Value;
        HostRange memory = block.GetHostRange(run.Start, run.LengthBytes);
        ReadOnlySpan<byte> bytes = memory.AsSpan();
        int zero = 0;
        int normal = 0;
        int differences = 0;
        int untouched = _options.DetectZeroPages ? UntouchedBytes(block, offset, bytes.Length) : -1;
        for (int at = 0; at < bytes.Length; at += TargetPage.SizeBytes)
        {
            var pageOffset = new RamOffset(offset + (ulong)at);
            ReadOnlySpan<byte> page = bytes.Slice(at, TargetPage.SizeBytes);
            if (at < untouched || (_options.DetectZeroPages && ZeroPage.IsZero(page)))
            {
                // A page of zeros hints that the memory behind it was not touched; if that is wrong once, the run is not asked about again.
                int next = at + TargetPage.SizeBytes;
                if (at >= untouched && next < bytes.Length && untouched >= 0)
                {
                    int more = UntouchedBytes(block, offset + (ulong)next, bytes.Length - next);
                    untouched = more == 0 ? -1 : next + more;
                }

                _encoder.WriteZero(block, pageOffset);
                if (_xbzrleStarted)
                    _xbzrle!.RememberZero(block.ToRamAddress(pageOffset), Bitmap.SyncCount, _lastStage);
                zero++;
                continue;
            }

            XbzrlePageOutcome outcome = _xbzrleStarted
                ? _xbzrle!.Send(_encoder, _writer, block, pageOffset, page, Bitmap.SyncCount, _lastStage)
                : XbzrlePageOutcome.NotCached;
            if (outcome == XbzrlePageOutcome.NotCached)
                _encoder.WritePage(block, pageOffset, memory.Slice(at, TargetPage.SizeBytes));
            if (outcome is XbzrlePageOutcome.NotCached or XbzrlePageOutcome.Full)
                normal++;
            else if (outcome == XbzrlePageOutcome.Difference)
                differences++;
        }

        _statistics.AddZeroPages(zero);
        _statistics.AddNormalPages(normal);
        if (differences > 0)
            _statistics.AddXbzrlePages(differences);
        return zero + normal + differences;
    }
}
