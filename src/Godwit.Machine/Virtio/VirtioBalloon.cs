using System.Buffers.Binary;
using Godwit.Accel;
using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine;

/// <summary>The memory balloon: the guest gives pages to the host and takes them back. Section <c>virtio-balloon</c>.</summary>
/// <remarks>
/// Pages in the balloon, and free pages that the guest reports, are discarded at once. Parts: statistics of the guest
/// (<c>VirtioBalloon.Statistics.cs</c>), free pages named while memory is copied (<c>VirtioBalloon.Hints.cs</c>).
/// docs/machine.md, "Balloon".
/// </remarks>
public sealed partial class VirtioBalloon : VirtioDevice, IFreePageHints
{
    private const int InflateQueue = 0;
    private const int DeflateQueue = 1;
    private const int StatisticsQueue = 2;
    private const uint QueueEntries = 128;
    private const uint HintQueueEntries = 1024;
    private const uint ReportQueueEntries = 32;

    private const ulong FeatureStatistics = 1UL << 1;
    private const ulong FeatureDeflateOnOutOfMemory = 1UL << 2;
    private const ulong FeatureFreePageHint = 1UL << 3;
    private const ulong FeaturePagePoison = 1UL << 4;
    private const ulong FeatureReporting = 1UL << 5;

    private const int SizeConfigBytes = 8;
    private const int HintConfigBytes = 12;
    private const int PoisonConfigBytes = 16;

    private static readonly VmStateDescription<VirtioBalloon> _hintState = new("virtio-balloon-device/free-page-report", version: 1, minimumVersion: 1)
    {
        Needed = b => b.Negotiated(FeatureFreePageHint),
        Fields =
        [
            Field.UInt32<VirtioBalloon>("free_page_hint_cmd_id", b => b._hintId, (b, v) => b._hintId = v),
            Field.UInt32<VirtioBalloon>("free_page_hint_status", b => (uint)b._hintStatus, (b, v) => b._hintStatus = (FreePageHintStatus)v),
        ],
    };

    private static readonly VmStateDescription<VirtioBalloon> _poisonState = new("virtio-balloon-device/page-poison", version: 1, minimumVersion: 1)
    {
        Needed = b => b.Negotiated(FeaturePagePoison),
        Fields = [Field.UInt32<VirtioBalloon>("poison_val", b => b._poison, (b, v) => b._poison = v)],
    };

    private static readonly VmStateDescription<VirtioBalloon> _own = new("virtio-balloon-device", version: 1, minimumVersion: 1)
    {
        Fields =
        [
            Field.UInt32<VirtioBalloon>("num_pages", b => b._wantedPages, (b, v) => b._wantedPages = v),
            Field.UInt32<VirtioBalloon>("actual", b => b._actualPages, (b, v) => b._actualPages = v),
        ],
        Subsections = [_hintState, _poisonState],
    };

    private readonly BigLock _bigLock;
    private readonly VirtualClock _clock;
    private readonly int _hintQueue;
    private readonly int _reportQueue;
    private uint _wantedPages;
    private uint _actualPages;
    private uint _poison;

    internal VirtioBalloon(BigLock bigLock, VirtualClock clock, GuestDma dma, VirtioBalloonOptions options)
        : base("virtio-balloon", deviceId: 5, sectionVersion: 1, FeaturesOf(options), ConfigBytesOf(options), dma, QueuesOf(options))
    {
        _bigLock = bigLock;
        _clock = clock;
        Id = options.Id;
        int next = StatisticsQueue + 1;
        _hintQueue = options.HasFreePageHints ? next++ : -1;
        _reportQueue = options.HasFreePageReporting ? next : -1;
        _statisticsTimer = clock.CreateTimer(PollStatistics);
    }

    /// <summary>Raised under the big lock when the guest has changed the size of the balloon.</summary>
    public event EventHandler? SizeChanged;

    /// <summary>The device's name; null for none.</summary>
    public string? Id { get; }

    /// <summary>Pages of 4 KiB that are in the balloon, as the guest says.</summary>
    public uint ActualPages => _actualPages;

    /// <summary>Asks the guest to bring the balloon to a size. The big lock is held.</summary>
    /// <param name="pages">Pages of 4 KiB.</param>
    public void Request(uint pages)
    {
        _bigLock.AssertHeld();
        _wantedPages = pages;
        NotifyConfig();
    }

    internal override void Reset()
    {
        base.Reset();
        StopHints();
        DropStatistics();
        _poison = 0;
    }

    internal override void Resume()
    {
        base.Resume();
        TakeStatisticsAgain();
    }

    internal override void SaveOwn(MigrationWriter writer, PeerProfile peer) => VmStateCodec.Save(_own, this, writer, null, peer);

    internal override void LoadOwn(MigrationReader reader)
    {
        VmStateCodec.Load(_own, this, reader, 1, PeerProfile.Default);
        if (_hintStatus > FreePageHintStatus.Done)
            throw reader.Error("status of free page hints out of range", "0 to 3", $"{(uint)_hintStatus}");
    }

    internal override void Loaded()
    {
        // What the source was asking for, nobody asks now: the guest gets its pages back.
        if (_hintStatus is FreePageHintStatus.Requested or FreePageHintStatus.Start)
            End();
    }

    private protected override void FillConfig(Span<byte> config)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(config, _wantedPages);
        BinaryPrimitives.WriteUInt32LittleEndian(config[4..], _actualPages);
        if (config.Length >= HintConfigBytes)
            BinaryPrimitives.WriteUInt32LittleEndian(config[8..], HintCommand);
        if (config.Length >= PoisonConfigBytes)
            BinaryPrimitives.WriteUInt32LittleEndian(config[12..], _poison);
    }

    private protected override void ConfigWritten(ReadOnlySpan<byte> config)
    {
        uint actual = BinaryPrimitives.ReadUInt32LittleEndian(config[4..]);
        bool isChanged = actual != _actualPages;
        _actualPages = actual;
        if (config.Length >= PoisonConfigBytes && Negotiated(FeaturePagePoison))
            _poison = BinaryPrimitives.ReadUInt32LittleEndian(config[12..]);
        if (isChanged)
            SizeChanged?.Invoke(this, EventArgs.Empty);
    }

    private protected override void HandleQueue(Virtqueue queue)
    {
        if (queue.Index == StatisticsQueue)
            TakeStatistics(queue);
        else if (queue.Index == _hintQueue)
            TakeHints(queue);
        else if (queue.Index == _reportQueue)
            TakeReports(queue);
        else
            TakePages(queue);
    }

    private bool Negotiated(ulong feature) => (GuestFeatures & feature) != 0;

    /// <summary>Frame numbers of pages that go into the balloon, or leave it; those that leave need nothing.</summary>
    private void TakePages(Virtqueue queue)
    {
        Span<byte> frame = stackalloc byte[sizeof(uint)];
        while (Pop(queue) is { } request)
        {
            for (ulong at = 0; queue.Index == InflateQueue && request.TryRead(Dma, at, frame); at += sizeof(uint))
                Discard((ulong)BinaryPrimitives.ReadUInt32LittleEndian(frame) << TargetPage.Bits, TargetPage.SizeBytes);
            Push(queue, request, 0);
        }
    }

    private void TakeReports(Virtqueue queue)
    {
        while (Pop(queue) is { } request)
        {
            // What a guest fills its free pages with, it wants to find there.
            foreach (VirtioSegment segment in _poison == 0 ? request.In : [])
                Discard(segment.Address, segment.LengthBytes);
            Push(queue, request, 0);
        }
    }

    /// <summary>Gives the whole host pages of a range back; what is not RAM stays as it is.</summary>
    private void Discard(ulong address, ulong lengthBytes)
    {
        while (lengthBytes > 0 && Dma.TryFindRam(address, out RamBlock? block, out RamOffset offset, out ulong found))
        {
            ulong part = Math.Min(lengthBytes, found);
            ulong page = Math.Max(block.PageSizeBytes, (ulong)Environment.SystemPageSize);
            if (offset.Value % page == 0 && part % page == 0)
                block.Discard(offset, part);
            address += part;
            lengthBytes -= part;
        }
    }

    private static ulong FeaturesOf(VirtioBalloonOptions options) =>
        FeatureStatistics | VirtioConstants.FeatureAnyLayout
        | (options.DeflatesOnOutOfMemory ? FeatureDeflateOnOutOfMemory : 0)
        | (options.HasFreePageHints ? FeatureFreePageHint : 0)
        | (options.HasPagePoison ? FeaturePagePoison : 0)
        | (options.HasFreePageReporting ? FeatureReporting : 0);

    private static int ConfigBytesOf(VirtioBalloonOptions options) =>
        options.HasPagePoison ? PoisonConfigBytes : options.HasFreePageHints ? HintConfigBytes : SizeConfigBytes;

    private static uint[] QueuesOf(VirtioBalloonOptions options)
    {
        List<uint> queues = [QueueEntries, QueueEntries, QueueEntries];
        if (options.HasFreePageHints)
            queues.Add(HintQueueEntries);
        if (options.HasFreePageReporting)
            queues.Add(ReportQueueEntries);
        return [.. queues];
    }
}
