using System.Text.Json;
using Godwit.Snapshot;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>QEMU's RAM records come out again, byte for byte, when Godwit sends the same pages.</summary>
public sealed class EncodingTests
{
    private const int PageBytes = 4096;
    private const int MegaBytes = 16;
    private const int RandomTargets = 64;
    private const int Versions = 8;
    private const int Seed = 20250;
    private const string MainBlock = "riscv_virt_board.ram";

    private static readonly IReadOnlyList<byte[]>[] _targets = [.. MakeTargets()];

    [Fact]
    public void Send_PagesThatQemuSent_WritesTheSameRecords()
    {
        using TemporaryDirectory directory = new();
        string image = directory.File("image");
        string stream = directory.File("stream");
        string memory = directory.File("memory");
        File.WriteAllBytes(image, VersionsGuest.Build(_targets).Image);
        JsonElement end;
        while (!TryCapture(image, stream, memory, out end))
        {
            // A busy host kept the guest from writing, so the migration ended before it should.
        }

        Dictionary<int, int> kinds = Replay(stream, memory, end);
        Assert.True(kinds[0x40] > 2000, $"{kinds[0x40]} differences");
        Assert.True(kinds[0x02] > 1000, $"{kinds[0x02]} zero pages");
        Assert.True(end.GetProperty("xbzrle-cache").GetProperty("overflow").GetInt64() > 100);
    }

    private static bool TryCapture(string image, string stream, string memory, out JsonElement end)
    {
        using VmProcess qemu = VmProcess.StartQemu(
            QemuPeer.Qemu10_0,
            "qemu-system-riscv64",
            [.. LinuxGuest.Machine(memory: $"{MegaBytes}"), "-bios", "none", "-device", $"loader,file={image},addr=0x{VersionsGuest.EntryAddress:x}"]);
        qemu.Qmp.EnableCapabilities("xbzrle");

        // Less than a page may be left: only a guest that writes nothing during a whole pass ends it.
        Set(qemu, new { xbzrle_cache_size = RecordReplay.CacheBytes, max_bandwidth = 8 << 20, downtime_limit = 1, avail_switchover_bandwidth = 1_000_000 });
        qemu.Qmp.Execute("migrate", new { uri = "file:" + stream });
        bool hasAll = false;
        qemu.Qmp.WaitFor("differences", link =>
        {
            JsonElement migration = link.Execute("query-migrate");
            hasAll = migration.TryGetProperty("xbzrle-cache", out JsonElement cache) && cache.GetProperty("pages").GetInt64() > 4000;
            return hasAll || migration.GetProperty("status").GetString() == "completed";
        });
        Set(qemu, new { downtime_limit = 2000, max_bandwidth = 0, avail_switchover_bandwidth = 0 });
        qemu.Qmp.WaitForMigrationEnd();
        end = qemu.Qmp.Execute("query-migrate");
        qemu.Qmp.Execute("pmemsave", new { val = VersionsGuest.EntryAddress, size = MegaBytes << 20, filename = memory });
        return hasAll;
    }

    /// <summary>Lays each section of the capture beside what Godwit's sender writes; returns how many records of each kind there were.</summary>
    private static Dictionary<int, int> Replay(string stream, string memory, JsonElement end)
    {
        byte[] file = File.ReadAllBytes(stream);
        InspectReport report = StreamInspector.Inspect(new MemoryStream(file));
        Assert.True(report.IsComplete, string.Join('\n', report.Errors));
        using var replay = new RecordReplay(report.RamBlocks.Select(block => (block.Name, block.UsedLengthBytes)));
        var kinds = new Dictionary<int, int> { [0x02] = 0, [0x08] = 0, [0x40] = 0 };
        bool isLast = false;
        RamImage ram = null!;
        ram = new RamImage
        {
            PageSeen = (block, offset, kind) =>
            {
                kinds[kind]++;
                ReadOnlySpan<byte> page = ram.Blocks[block].AsSpan((int)offset, PageBytes);
                bool isZero = kind == 0x02;

                // The guest may clear one of its pages between the look at it and its sending.
                Assert.True(isZero == !page.ContainsAnyExcept((byte)0) || (!isZero && IsTarget(block, offset)), $"{kind} of {block} at {offset}");
                replay.Send(block, offset, page, isZero, isLast);
            },
        };
        foreach (StreamItem item in report.Items.Where(item => item.IdString == "ram"))
        {
            Span<byte> bytes = file.AsSpan((int)item.Offset, (int)item.Length);
            if (item.Kind == StreamItemKind.Start)
            {
                ram.Add(bytes[(1 + 4 + 4 + 4 + 4)..^5]);
                continue;
            }

            isLast = item.Kind == StreamItemKind.End;
            ReadOnlySpan<byte> theirs = bytes[(1 + 4)..^5];
            ram.Add(theirs);
            byte[] ours = replay.EndSection();
            int same = theirs.CommonPrefixLength(ours);
            Assert.True(
                same == theirs.Length && same == ours.Length,
                $"the {item.Kind} section at {item.Offset} differs after {same} bytes: {Hex(theirs[same..])} and {Hex(ours.AsSpan(same))}");
        }

        // What was decoded here is what the guest had, so the pairs of pages were the right ones.
        byte[] expected = File.ReadAllBytes(memory);
        byte[] found = ram.Blocks[MainBlock];
        Assert.True(expected.AsSpan().SequenceEqual(found), $"memory differs at 0x{expected.AsSpan().CommonPrefixLength(found):x}");

        JsonElement cache = end.GetProperty("xbzrle-cache");
        Assert.Equal(cache.GetProperty("bytes").GetInt64(), replay.Statistics.Bytes);
        Assert.Equal(cache.GetProperty("overflow").GetInt64(), replay.Statistics.Overflows);
        Assert.Equal(cache.GetProperty("cache-miss").GetInt64(), replay.Statistics.CacheMisses);
        Assert.Equal(end.GetProperty("ram").GetProperty("duplicate").GetInt64(), kinds[0x02]);
        return kinds;
    }

    /// <summary>Pages whose versions differ in chosen places.</summary>
    private static IEnumerable<IReadOnlyList<byte[]>> MakeTargets()
    {
        var random = new Random(Seed);
        foreach (IEnumerable<int> places in Places(random))
            yield return MakeVersions(random, places);

        // Pages that do not change, pages of zeros now and then, and zeros with one byte.
        yield return MakeVersions(random, []);
        yield return [.. Enumerable.Range(0, Versions).Select(_ => new byte[PageBytes])];
        yield return [.. MakeVersions(random, Enumerable.Range(0, PageBytes)).Select((page, i) => i % 2 == 0 ? new byte[PageBytes] : page)];
        yield return [.. Enumerable.Range(0, Versions).Select(i => { byte[] page = new byte[PageBytes]; page[i * 512] = 1; return page; })];
    }

    /// <summary>Places of change: the ends of the page, what just fits and what just does not, lengths on both sides of 128, noise.</summary>
    private static IEnumerable<IEnumerable<int>> Places(Random random)
    {
        yield return [0];
        yield return [PageBytes - 1];
        yield return [0, PageBytes - 1];
        for (int equal = 0; equal < 10; equal++)
        {
            yield return Enumerable.Range(0, PageBytes - equal);
            yield return Enumerable.Range(equal, PageBytes - equal);
        }

        for (int every = 2; every <= 12; every++)
        {
            yield return Enumerable.Range(0, PageBytes).Where(i => i % every == 0);
            yield return Enumerable.Range(0, PageBytes).Where(i => i % every != 0);
        }

        for (int length = 126; length <= 130; length++)
        {
            yield return Enumerable.Range(0, PageBytes).Where(i => i / length % 2 == 0);
            yield return Enumerable.Range(0, PageBytes).Where(i => i / length % 2 == 1);
        }

        for (int i = 0; i < RandomTargets; i++)
        {
            // Runs of equal and of changed bytes in turn, each as long as chance wants it.
            int longestEqual = 1 << random.Next(1, 10);
            int longestChanged = 1 << random.Next(1, 10);
            var places = new List<int>();
            for (int at = random.Next(0, longestEqual); at < PageBytes; at += random.Next(1, longestEqual + 1))
            {
                for (int end = Math.Min(PageBytes, at + random.Next(1, longestChanged + 1)); at < end; at++)
                    places.Add(at);
            }

            yield return places;
        }
    }

    /// <summary>Noise that is the same in all versions but at these places, where no two are alike.</summary>
    private static byte[][] MakeVersions(Random random, IEnumerable<int> places)
    {
        byte[] common = new byte[PageBytes];
        random.NextBytes(common);
        var versions = new byte[Versions][];
        int[] chosen = [.. places];
        for (int version = 0; version < Versions; version++)
        {
            byte[] page = versions[version] = [.. common];
            foreach (int place in chosen)
                page[place] += (byte)version;
        }

        return versions;
    }

    private static bool IsTarget(string block, long offset) => block == MainBlock && offset >= PageBytes && offset <= _targets.Length * PageBytes;

    private static void Set(VmProcess qemu, object parameters) =>
        qemu.Qmp.Execute("migrate-set-parameters", JsonSerializer.SerializeToElement(parameters).EnumerateObject().ToDictionary(
            p => p.Name.Replace('_', '-'), p => p.Value, StringComparer.Ordinal));

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes[..Math.Min(bytes.Length, 24)]);
}
