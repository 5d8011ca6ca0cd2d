using System.Numerics;
using System.Runtime.InteropServices;
using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>Sends memory as it was at one instant while the guest runs on: each page once, those first that writers had to put aside.</summary>
/// <remarks>The migration thread makes all calls but <see cref="Dispose"/>, which any thread may make, in any state.</remarks>
internal sealed class SnapshotSender : IDisposable
{
    /// <summary>Pages that writers can change before one of them has to wait for the channel: 8 MiB.</summary>
    public const int SparePages = 2048;

    private const int RunPages = OutgoingRam.PagesPerClockCheck;

    private readonly PageSearch _search;
    private readonly RamRecordEncoder _encoder;
    private readonly MigrationWriter _writer;
    private readonly MappedRamSender? _places;
    private readonly MigrationStatistics _statistics;
    private readonly bool _detectZeroPages;
    private readonly IWriteProtection _protection;
    private readonly SnapshotWriteGate _gate;
    private readonly SavedPage[] _saved = new SavedPage[RunPages];
    private readonly byte[] _copies = GC.AllocateUninitializedArray<byte>(RunPages * TargetPage.SizeBytes, pinned: true);
    private readonly nint _copiesAddress;

    /// <summary>Protects all memory of a bitmap. The guest stands still; nothing was taken from the bitmap.</summary>
    /// <param name="bitmap">All pages.</param>
    /// <param name="search">The search that goes through it.</param>
    /// <param name="protection">What runs the CPUs.</param>
    /// <param name="encoder">Writes records; not used with <paramref name="places"/>.</param>
    /// <param name="writer">The main channel.</param>
    /// <param name="places">Writes pages to fixed places of a file; null for records.</param>
    /// <param name="statistics">Where pages are counted.</param>
    /// <param name="detectZeroPages">Whether zero pages are looked for.</param>
    public SnapshotSender(
        MigrationBitmap bitmap,
        PageSearch search,
        IWriteProtection protection,
        RamRecordEncoder encoder,
        MigrationWriter writer,
        MappedRamSender? places,
        MigrationStatistics statistics,
        bool detectZeroPages)
    {
        _search = search;
        _encoder = encoder;
        _writer = writer;
        _places = places;
        _statistics = statistics;
        _detectZeroPages = detectZeroPages;
        _protection = protection;
        _copiesAddress = Marshal.UnsafeAddrOfPinnedArrayElement(_copies, 0);
        _gate = new SnapshotWriteGate(bitmap, search, SparePages);
        protection.Protect([.. bitmap.Blocks.Select(static block => block.Block)], _gate);
    }

    /// <summary>Sends the next pages; returns how many, 0 when all have been sent.</summary>
    public int SendNext(int maxPages)
    {
        if (SendSaved() is > 0 and var saved)
            return saved;
        _search.Begin();
        while (true)
        {
            switch (_gate.TakeNext(Math.Min(maxPages, RunPages), _detectZeroPages, _copies, out PageRun run, out ulong zeroPages))
            {
                case PageSearchOutcome.Clean:
                    // The last pages may have been put aside since the first look.
                    return SendSaved();
                case PageSearchOutcome.Run:
                    _protection.Unprotect(run.Block, run.Start, (ulong)run.LengthBytes);
                    Send(run, zeroPages);
                    _search.Commit(repeatsLast: false);
                    return run.Count;
            }
        }
    }

    /// <summary>Lets the guest write as it likes.</summary>
    public void Dispose()
    {
        _gate.Lift();
        _protection.UnprotectAll();
    }

    private int SendSaved()
    {
        int count = _gate.TakeSaved(_saved);
        if (count == 0)
            return 0;
        ReadOnlySpan<SavedPage> pages = _saved.AsSpan(0, count);
        int zero = 0;
        foreach (ref readonly SavedPage page in pages)
        {
            bool isZero = _detectZeroPages && ZeroPage.IsZero(page.Memory.AsSpan());
            zero += isZero ? 1 : 0;
            SendPages(page.Block, page.Page, 1, isZero, page.Memory);
        }

        Finish(zero, count - zero);
        _gate.Recycle(pages);
        return count;
    }

    private void Send(in PageRun run, ulong zeroPages)
    {
        var memory = new HostRange(_copiesAddress, run.LengthBytes);
        int count;
        for (int i = 0; i < run.Count; i += count)
        {
            bool isZero = IsZero(i);
            for (count = 1; i + count < run.Count && IsZero(i + count) == isZero; count++)
            {
                // Neighbours of one kind go together.
            }

            SendPages(run.Block, run.First.Add((ulong)i), count, isZero, memory.Slice((long)i * TargetPage.SizeBytes));
        }

        int zero = BitOperations.PopCount(zeroPages);
        Finish(zero, run.Count - zero);

        bool IsZero(int page) => (zeroPages >> page & 1) != 0;
    }

    private void SendPages(RamBlock block, PageIndex first, int count, bool isZero, HostRange memory)
    {
        if (_places is not null)
        {
            _places.Send(block, first, isZero, memory.Slice(0, (long)count * TargetPage.SizeBytes));
            return;
        }

        for (int i = 0; i < count; i++)
        {
            RamOffset offset = first.Add((ulong)i).ToRamOffset();
            if (isZero)
                _encoder.WriteZero(block, offset);
            else
                _encoder.WritePage(block, offset, memory.Slice((long)i * TargetPage.SizeBytes, TargetPage.SizeBytes));
        }
    }

    private void Finish(int zero, int normal)
    {
        if (_places is not null)
            return; // nothing was queued, and it counts itself
        _writer.Flush();
        _statistics.AddZeroPages(zero);
        _statistics.AddNormalPages(normal);
    }
}
