using System.Globalization;
using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>
/// The data channels of a destination: each reads packets on its own thread, and stops at synchronisation points until all have
/// come there (docs/formats/multifd.md, "Synchronisation").
/// </summary>
internal sealed class MultiFdReceiver : IDisposable
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(500);

    private readonly IIncomingRamContext _context;
    private readonly Channel _main;
    private readonly MultiFdReceiveChannel[] _channels;
    private readonly HostSemaphore _reports = new(0);
    private Exception? _firstError;

    /// <summary>Starts the threads.</summary>
    /// <param name="context">The migration, with its open data channels.</param>
    /// <param name="main">The main channel.</param>
    /// <param name="blocks">Finds a block by its name in a packet; null for none that takes pages.</param>
    /// <param name="placement">Where pages go, for each channel a view of its own.</param>
    /// <param name="method">The compression method.</param>
    public MultiFdReceiver(IIncomingRamContext context, Channel main, Func<string, RamBlock?> blocks, Func<PagePlacement> placement, MultiFdBits method)
    {
        _context = context;
        _main = main;
        _channels = [.. context.DataChannels.Select((channel, i) => new MultiFdReceiveChannel(this, channel, i, blocks, placement(), method))];
        foreach (MultiFdReceiveChannel channel in _channels)
            channel.Start();
    }

    /// <summary>Waits until each channel has come to its synchronisation point, then lets all go on.</summary>
    /// <exception cref="MigrationException">A channel failed, or one does not come.</exception>
    public void Synchronize()
    {
        for (int i = 0; i < _channels.Length; i++)
            WaitForReport();
        foreach (MultiFdReceiveChannel channel in _channels)
            channel.Release();
    }

    /// <summary>After the last section: no channel may wait for a synchronisation mark that did not come.</summary>
    /// <exception cref="StreamFormatException">One does.</exception>
    public void CheckNoneWaits()
    {
        ThrowIfFailed();
        foreach (MultiFdReceiveChannel channel in _channels)
        {
            if (channel.IsWaiting)
                throw ModesDiffer(channel.Position);
        }
    }

    /// <summary>Ends the threads and waits for them: nothing is written to guest memory afterwards.</summary>
    public void Dispose()
    {
        foreach (MultiFdReceiveChannel channel in _channels)
            channel.Stop();
        foreach (MultiFdReceiveChannel channel in _channels)
            channel.Dispose();
        _reports.Dispose();
    }

    /// <summary>A channel has come to a synchronisation point.</summary>
    internal void Report() => _reports.Release();

    /// <summary>A channel has failed; its thread ends.</summary>
    internal void Fail(Exception cause)
    {
        if (Interlocked.CompareExchange(ref _firstError, cause, null) is null)
            _context.ChannelFailed(cause);
        _reports.Release(_channels.Length);
    }

    /// <summary>How long the one side may wait for the other without a byte moving.</summary>
    internal TimeSpan Timeout => _context.ChannelTimeout;

    /// <summary>Bytes that came over all channels, the main one included.</summary>
    internal long AllBytesReceived => _main.BytesRead + BytesReceived();

    internal static StreamFormatException ModesDiffer(long position) => MultiFdFormat.Error(
        "a data channel waits at a synchronisation point that the main channel does not have: the two sides synchronise at different moments",
        position, "the same setting of multifd-flush-after-each-section on both sides");

    private void WaitForReport()
    {
        long seen = BytesReceived();
        DateTime moved = DateTime.UtcNow;
        while (!_reports.Wait(_look))
        {
            long now = BytesReceived();
            if (now != seen)
            {
                seen = now;
                moved = DateTime.UtcNow;
            }
            else if (DateTime.UtcNow - moved > Timeout)
            {
                throw MultiFdFormat.Error(
                    "a data channel does not come to the synchronisation point that the main channel has", _channels[0].Position,
                    "a synchronisation packet on each channel",
                    string.Create(CultureInfo.InvariantCulture, $"no byte for {Timeout.TotalSeconds:0.#} s; the two sides may synchronise at different moments"));
            }
        }

        ThrowIfFailed();
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _firstError) is { } cause)
            throw cause is MigrationException ? cause : new MigrationFailedException(cause.Message, cause);
    }

    private long BytesReceived()
    {
        long sum = 0;
        foreach (MultiFdReceiveChannel channel in _channels)
            sum += channel.Position;
        return sum;
    }
}
