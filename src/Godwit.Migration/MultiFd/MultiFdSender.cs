using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>
/// Hands pages to the threads of the data channels, and brings them into step at the end of each round (docs/formats/multifd.md,
/// "Synchronisation").
/// </summary>
/// <remarks>
/// Pages are gathered in a batch, which goes to the channel with the fewest jobs as it is. The first failure of any channel ends the migration; whoever
/// waits for a channel is woken then.
/// </remarks>
internal sealed class MultiFdSender : IPageTransport
{
    /// <summary>
    /// What may wait in the host to be sent, per channel. Pages that lie in a long queue are no longer in the caches when they are copied on; one channel
    /// alone needs the queue, so that it has something to send while its thread looks for pages.
    /// </summary>
    private const int MaxUnsentBytes = 64 << 10;

    private readonly IRamMigrationContext _context;
    private readonly RamRecordEncoder _encoder;
    private readonly MappedRamFile? _file;
    private readonly MigrationWriter _main;
    private readonly MultiFdSendChannel[] _channels;
    private readonly HostSemaphore _wake = new(0);
    private readonly bool _detectsHere;
    private readonly bool _syncsEachSection;
    private PageBatch _open = new();
    private int _lastUsed;

    /// <summary>Jobs that were given and are not done.</summary>
    private int _jobs;

    /// <summary>The migration thread sleeps until there are no more jobs than this; -1 while it does not.</summary>
    private int _wakeAt = -1;
    private long _packets;
    private long _bytes;
    private Exception? _firstError;

    /// <summary>Starts the threads.</summary>
    /// <param name="context">The migration, with its open data channels.</param>
    /// <param name="encoder">The main channel's records, for zero pages found here and synchronisation marks.</param>
    /// <param name="main">The main channel's writer.</param>
    /// <param name="options">The options.</param>
    /// <param name="file">The file, when pages go to fixed places and not into packets.</param>
    public MultiFdSender(IRamMigrationContext context, RamRecordEncoder encoder, MigrationWriter main, RamOptions options, MappedRamFile? file)
    {
        _context = context;
        _encoder = encoder;
        _main = main;
        _file = file;
        bool legacy = string.Equals(context.Parameters.ZeroPageDetection, "legacy", StringComparison.Ordinal)
            || !context.Profile.HasMultiFdZeroPages;
        _detectsHere = options.DetectZeroPages && legacy;
        _syncsEachSection = file is null && context.MultiFdSyncsEachSection;
        bool detectThere = options.DetectZeroPages && !legacy;
        IReadOnlyList<Channel> channels = context.DataChannels;
        if (channels.Count == 0)
            throw new MigrationFailedException("multifd has no channel to send on");
        _channels = new MultiFdSendChannel[channels.Count];
        for (int i = 0; i < _channels.Length; i++)
        {
            _channels[i] = file is not null
                ? new MultiFdFileChannel(this, channels[i], i, detectThere, file)
                : new MultiFdPacketChannel(this, channels[i], i, detectThere, MultiFdCompression.CreateCompressor(context.Parameters));
        }

        if (channels.Count > 1)
        {
            foreach (Channel channel in channels)
                channel.LimitUnsent(MaxUnsentBytes);
        }

        foreach (MultiFdSendChannel channel in _channels)
            channel.Start();
    }

    /// <inheritdoc/>
    public long BytesSent => Interlocked.Read(ref _bytes);

    /// <inheritdoc/>
    public void Send(in PageRun run)
    {
        if (!_detectsHere)
        {
            Queue(run.Block, run.First.Value, run.Count);
            return;
        }

        var scan = new PageScan(run.Block, run.Start, run.Count, detect: true);
        while (scan.Next(out int first, out int count, out bool isZero))
        {
            ulong page = run.First.Value + (ulong)first;
            if (isZero)
                SendZero(run.Block, page, count);
            else
                Queue(run.Block, page, count);
        }
    }

    /// <inheritdoc/>
    public void EndSetup() => Synchronize(mark: !_syncsEachSection);

    /// <inheritdoc/>
    public void EndRound()
    {
        if (!_syncsEachSection)
            Synchronize(mark: true);
    }

    /// <inheritdoc/>
    public void EndSection(bool isLast)
    {
        if (_syncsEachSection)
            Synchronize(mark: false);
        if (isLast)
            _file?.WriteBitmaps(_main.Channel);
    }

    /// <summary>Ends the threads and waits for them. The channels stay the migration's.</summary>
    public void Dispose()
    {
        foreach (MultiFdSendChannel channel in _channels)
            channel.Dispose();
        _wake.Dispose();
    }

    /// <summary>The number of the next packet of any channel.</summary>
    internal ulong NextPacketNumber() => (ulong)(Interlocked.Increment(ref _packets) - 1);

    /// <summary>Counts what a channel has sent.</summary>
    internal void NoteSent(long bytes, int normalPages, int zeroPages)
    {
        Interlocked.Add(ref _bytes, bytes);
        _context.Limiter?.Account(bytes);
        _context.Statistics.AddMultifdBytes(bytes);
        _context.Statistics.AddNormalPages(normalPages);
        _context.Statistics.AddZeroPages(zeroPages);
    }

    /// <summary>A channel has done a job.</summary>
    internal void NoteDone()
    {
        int left = Interlocked.Decrement(ref _jobs);
        int wakeAt = Volatile.Read(ref _wakeAt);
        if (left <= wakeAt && Interlocked.CompareExchange(ref _wakeAt, -1, wakeAt) == wakeAt)
            _wake.Release();
    }

    /// <summary>A channel has failed; its thread ends.</summary>
    internal void Fail(Exception cause)
    {
        if (Interlocked.CompareExchange(ref _firstError, cause, null) is null)
            _context.ChannelFailed(cause);
        // Nobody who waits for channels may wait for this one.
        if (Interlocked.Exchange(ref _wakeAt, -1) >= 0)
            _wake.Release();
    }

    private void SendZero(RamBlock block, ulong first, int count)
    {
        if (_file is not null)
        {
            _file.ForgetPages(block, new PageIndex(first), count);
        }
        else
        {
            for (int i = 0; i < count; i++)
                _encoder.WriteZero(block, new PageIndex(first + (ulong)i).ToRamOffset());
        }

        _context.Statistics.AddZeroPages(count);
    }

    private void Queue(RamBlock block, ulong first, int count)
    {
        if (_open.Count > 0 && !ReferenceEquals(_open.Block, block))
            Flush();
        while (count > 0)
        {
            int fits = Math.Min(count, _open.Room);
            _open.Add(block, first, fits);
            first += (ulong)fits;
            count -= fits;
            if (_open.Room == 0)
                Flush();
        }
    }

    private void Flush()
    {
        if (_open.Count == 0)
            return;
        // Woken for each job, the migration thread would take more time than it needs to find the pages of one.
        if (Volatile.Read(ref _jobs) == _channels.Length * MultiFdSendChannel.MaxJobs)
            WaitForJobs(_channels.Length);
        ThrowIfFailed();
        int best = 0;
        for (int i = 0; i < _channels.Length && _channels[best].JobCount > 0; i++)
        {
            _lastUsed = (_lastUsed + 1) % _channels.Length;
            if (_channels[_lastUsed].JobCount < _channels[best].JobCount)
                best = _lastUsed;
        }

        Interlocked.Increment(ref _jobs);
        _open = _channels[best].GiveBatch(_open);
    }

    private void Synchronize(bool mark)
    {
        Flush();
        WaitForJobs(0);
        if (_file is null)
        {
            Interlocked.Add(ref _jobs, _channels.Length);
            foreach (MultiFdSendChannel channel in _channels)
                channel.GiveSync();
            WaitForJobs(0);
        }

        if (!mark || _file is not null)
            return;

        // The destination's channels wait for the mark: it must not lie here while more pages are sent to them.
        _encoder.WriteMultiFdFlush();
        _main.Flush();
    }

    /// <summary>Waits until no more jobs than this are left.</summary>
    private void WaitForJobs(int count)
    {
        while (Volatile.Read(ref _jobs) > count)
        {
            // Said first, then looked again: whoever brings the number down afterwards sees it.
            Interlocked.Exchange(ref _wakeAt, count);
            bool isNeeded = Volatile.Read(ref _jobs) > count && Volatile.Read(ref _firstError) is null;
            if (isNeeded || Interlocked.Exchange(ref _wakeAt, -1) < 0)
                _wake.Wait();
            ThrowIfFailed();
        }

        ThrowIfFailed();
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _firstError) is { } cause)
            throw new MigrationFailedException(cause.Message, cause);
    }
}
