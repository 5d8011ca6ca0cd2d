using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Godwit.Memory;
using Godwit.Migration;

namespace Godwit.Benchmarks.Memory;

/// <summary>The gates of the bitmap and zero-page loops: baseline and subject take turns in one run, and the best round of each counts.</summary>
/// <remarks>Taking turns and the best of many rounds keep the ratios usable on a machine that does other work meanwhile.</remarks>
internal static class RatioGates
{
    private const int Rounds = 60;

    private static TimeSpan WarmUp => TimeSpan.FromMilliseconds(400);

    /// <summary>Prints one line per gate; returns 1 if a gate is missed, else 0.</summary>
    internal static int Run(TextWriter output)
    {
        output.WriteLine("| loop | against | baseline µs | loop µs | ratio | at most | allocated bytes |");
        output.WriteLine("|---|---|---:|---:|---:|---:|---:|");
        var isMissed = false;
        foreach (var pattern in Enum.GetValues<DirtyPattern>())
        {
            using var fixture = new BitmapFixture(pattern);
            var isDense = pattern == DirtyPattern.Dense;
            isMissed |= !Gate(
                output,
                $"sync of 1 TiB, {pattern}",
                isDense ? "plain read of both bitmaps" : "plain read of the global bitmap",
                pattern switch { DirtyPattern.Dense => 2.0, DirtyPattern.Half => null, _ => 1.2 },
                fixture.RefillForDrain,
                () => fixture.ReadClient(DirtyClient.Migration) | (isDense ? BitmapFixture.Read(fixture.Own) : 0),
                () => (ulong)fixture.Dirty.Drain(DirtyClient.Migration, fixture.Block.Offset, BitmapFixture.GuestBytes, fixture.Own));
            isMissed |= !Gate(
                output,
                $"merge of 1 TiB, {pattern}",
                isDense ? "plain read of all three bitmaps" : "plain read of the log's bitmap",
                // A sparse merge changes lines of two bitmaps per page found; no plain read does as much.
                pattern switch { DirtyPattern.Dense => 2.0, DirtyPattern.Clean => 1.2, _ => null },
                fixture.EmptyForMerge,
                () => BitmapFixture.Read(fixture.Pattern) | (isDense ? fixture.ReadClient(DirtyClient.Vga) | fixture.ReadClient(DirtyClient.Migration) : 0),
                () => (ulong)fixture.Dirty.MergeBitmap(fixture.Block.Offset, fixture.Pattern, BitmapFixture.Words * 64L));
        }
        using var system = new MemorySystem();
        RamBlock block;
        using (system.BigLock.Enter())
            block = MemoryRegion.CreateRam(system, "guest", 256UL << 20).RamBlock!;
        block.GetSpan(new RamOffset(0), 256 << 20).Clear();
        isMissed |= !Gate(
            output,
            "zero-page scan of 256 MiB",
            "plain read of the same bytes",
            1.25,
            () => { },
            () => BitmapFixture.Read(MemoryMarshal.Cast<byte, ulong>(block.GetSpan(new RamOffset(0), 256 << 20))),
            () => CountZeroPages(block));
        foreach (var stretch in (int[])[2048, 64, 8])
            isMissed |= !EncoderGate(output, stretch);
        return isMissed ? 1 : 0;
    }

    private static bool EncoderGate(TextWriter output, int stretch)
    {
        const int Pages = 64;
        var before = new byte[XbzrleFormat.PageBytes];
        var after = new byte[XbzrleFormat.PageBytes];
        var encoded = new byte[XbzrleFormat.PageBytes];
        new Random(1).NextBytes(before);
        for (var at = 0; at < after.Length; at++)
            after[at] = at / stretch % 2 == 0 ? (byte)~before[at] : before[at];
        ulong Repeat(Func<int> encode)
        {
            ulong sum = 0;
            for (var page = 0; page < Pages; page++)
                sum += (ulong)encode();
            return sum;
        }

        Func<int> scalar = () => XbzrleEncoder.EncodeScalar(before, after, encoded);
        Func<int> vector = () => XbzrleEncoder.Encode(before, after, encoded);
        return Gate(
            output,
            $"XBZRLE of {Pages} pages, {stretch} bytes changed and {stretch} not in turn",
            "its scalar twin",
            stretch > 8 ? 1.0 / 3 : 1.0, // the bar is a third of the time or 2.5 GB/s; of 8 bytes in turn only the latter is reached
            () => { },
            () => Repeat(scalar),
            () => Repeat(vector));
    }

    private static ulong CountZeroPages(RamBlock block)
    {
        ulong zero = 0;
        for (var page = 0UL; page < block.PageCount; page++)
            zero += ZeroPage.IsZero(block.GetSpan(new PageIndex(page).ToRamOffset(), TargetPage.SizeBytes)) ? 1UL : 0;
        return zero;
    }

    private static bool Gate(TextWriter output, string name, string against, double? atMost, Action prepare, Func<ulong> baseline, Func<ulong> subject)
    {
        var best = (Baseline: TimeSpan.MaxValue, Subject: TimeSpan.MaxValue);
        ulong sum = 0;
        var allocated = long.MaxValue;

        // The runtime compiles what is called often once more, some time later; the gates are about that code.
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < WarmUp)
            _ = Measure(prepare, baseline, ref sum) + Measure(prepare, subject, ref sum);
        for (var round = 0; round < Rounds; round++)
        {
            best.Baseline = Min(best.Baseline, Measure(prepare, baseline, ref sum));
            var before = GC.GetAllocatedBytesForCurrentThread();
            best.Subject = Min(best.Subject, Measure(prepare, subject, ref sum));
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        GC.KeepAlive(sum);
        var ratio = best.Subject / best.Baseline;
        var isMet = (atMost is null || ratio <= atMost) && allocated == 0;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {against} | {best.Baseline.TotalMicroseconds:F0} | {best.Subject.TotalMicroseconds:F0} | {ratio:F2} | {atMost?.ToString("F2", CultureInfo.InvariantCulture) ?? "-"}{(isMet ? "" : " MISSED")} | {allocated} |"));
        return isMet;
    }

    private static TimeSpan Measure(Action prepare, Func<ulong> what, ref ulong sum)
    {
        prepare();
        var start = Stopwatch.GetTimestamp();
        sum ^= what();
        return Stopwatch.GetElapsedTime(start);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
