using System.Buffers.Binary;
using Godwit.Accel;

namespace Godwit.Machine;

/// <content>Statistics of the guest.</content>
/// <remarks>The guest keeps one request in the queue; it gets it back when the host wants to know, and answers with a new one.</remarks>
public sealed partial class VirtioBalloon
{
    private const int StatisticBytes = 10; // tag u16, value u64, without a gap
    private const ulong MaximumStatistics = 64;

    private readonly VirtualTimer _statisticsTimer;
    private VirtioRequest? _statisticsRequest;
    private uint _pollingSeconds;

    /// <summary>What the guest last said.</summary>
    public BalloonStatistics Statistics { get; private set; } = BalloonStatistics.Empty;

    /// <summary>How often the guest is asked, in seconds; 0 (the default) for never. The big lock is held.</summary>
    public uint PollingSeconds
    {
        get => _pollingSeconds;
        set
        {
            _bigLock.AssertHeld();
            _pollingSeconds = value;
            if (value == 0)
                _statisticsTimer.Disarm();
            else
                _statisticsTimer.Arm(_clock.NowNanoseconds); // the first answer at once
        }
    }

    private void TakeStatistics(Virtqueue queue)
    {
        while (Pop(queue) is { } request)
        {
            // A guest has one request; one with two gets the first back unread.
            if (_statisticsRequest is { } earlier)
                Push(queue, earlier, 0);
            _statisticsRequest = request;
            Statistics = new BalloonStatistics(DateTimeOffset.UtcNow.ToUnixTimeSeconds(), [.. ReadStatistics(request)]);
        }
    }

    private ulong[] ReadStatistics(VirtioRequest request)
    {
        ulong[] values = [.. BalloonStatistics.Empty.Values];
        Span<byte> statistic = stackalloc byte[StatisticBytes];
        for (ulong i = 0; i < MaximumStatistics && request.TryRead(Dma, i * StatisticBytes, statistic); i++)
        {
            int tag = BinaryPrimitives.ReadUInt16LittleEndian(statistic);
            if (tag < values.Length)
                values[tag] = BinaryPrimitives.ReadUInt64LittleEndian(statistic[2..]);
        }

        return values;
    }

    // On the clock's thread, under the big lock.
    private void PollStatistics()
    {
        if (_pollingSeconds == 0)
            return;
        _statisticsTimer.Arm(_clock.NowNanoseconds + ((long)_pollingSeconds * 1_000_000_000));
        if (_statisticsRequest is not { } request || !IsRunning)
            return;
        _statisticsRequest = null;
        Push(Queues[StatisticsQueue], request, 0);
    }

    private void DropStatistics() => _statisticsRequest = null;

    /// <summary>A load brings the ring, with a request taken, and not the request: it is taken again.</summary>
    private void TakeStatisticsAgain()
    {
        Virtqueue queue = Queues[StatisticsQueue];
        if (_statisticsRequest is not null || IsBroken || !IsStarted || !queue.IsReady || queue.InUse == 0)
            return;
        queue.Untake(1);
        TakeStatistics(queue);
    }
}
