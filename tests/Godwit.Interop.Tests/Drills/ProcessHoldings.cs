using System.Globalization;

namespace Godwit.Interop.Tests;

/// <summary>What this process holds of the system, after a full collection.</summary>
/// <param name="Descriptors">Open descriptors.</param>
/// <param name="Threads">Threads other than the runtime's own, by name.</param>
/// <param name="MappedBytes">Bytes of memory files that are mapped: guest RAM.</param>
/// <param name="ResidentBytes">Memory that is present.</param>
/// <param name="HeapBytes">Bytes of managed objects that are alive.</param>
/// <param name="NativeBytes">Bytes that the C library has given out and that were not given back.</param>
internal sealed record ProcessHoldings(int Descriptors, string Threads, long MappedBytes, long ResidentBytes, long HeapBytes, long NativeBytes)
{
    /// <summary>Ten KiB per hop: a machine that stays behind holds far more.</summary>
    private const long HeapNoiseBytes = 1 << 20;

    /// <summary>What compressors and threads under way hold.</summary>
    private const long NativeNoiseBytes = 2 << 20;

    /// <summary>The collector keeps some memory for what comes next.</summary>
    private const long ResidentNoiseBytes = 16 << 20;

    public static ProcessHoldings Measure()
    {
        // The thread of the last load closes its connection when the source has; the system cuts its name to 15 characters.
        SpinWait.SpinUntil(() => !ThreadNames().Contains("incoming migration"[..15], StringComparer.Ordinal), TimeSpan.FromSeconds(10));
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        // The C library's allocator keeps what was freed, a heap for each few threads: 40 MB of it after a hundred migrations, and how much is chance.
        NativeHeap.Trim();
        return new ProcessHoldings(
            Directory.GetFiles("/proc/self/fd").Length,
            string.Join(", ", ThreadNames().Order(StringComparer.Ordinal)),
            MemoryFiles(),
            1024 * long.Parse(StatusLine("VmRSS:").Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture),
            GC.GetTotalMemory(forceFullCollection: false),
            NativeHeap.BytesInUse());
    }

    public void AssertNoMoreThan(ProcessHoldings before)
    {
        string both = $"before: {before}, after: {this}";
        Assert.True(Descriptors <= before.Descriptors, both);
        Assert.Equal(before.Threads, Threads);
        Assert.True(MappedBytes <= before.MappedBytes, both);
        Assert.True(ResidentBytes <= before.ResidentBytes + ResidentNoiseBytes, both);
        Assert.True(HeapBytes <= before.HeapBytes + HeapNoiseBytes, both);
        Assert.True(NativeBytes <= before.NativeBytes + NativeNoiseBytes, both);
    }

    /// <summary>The runtime's own threads come and go with its pools; they are named by it.</summary>
    private static IEnumerable<string> ThreadNames()
    {
        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            string name;
            try
            {
                name = File.ReadAllText(Path.Combine(task, "comm")).Trim();
            }
            catch (IOException)
            {
                // It has just ended.
                continue;
            }

            if (!name.StartsWith(".NET", StringComparison.Ordinal))
                yield return name;
        }
    }

    private static long MemoryFiles() => File.ReadLines("/proc/self/maps").Where(IsGuestMemory).Sum(line =>
    {
        string[] ends = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-');
        return Hex(ends[1]) - Hex(ends[0]);
    });

    /// <summary>The runtime keeps compiled code in a memory file of its own.</summary>
    private static bool IsGuestMemory(string line) =>
        line.Contains("/memfd:", StringComparison.Ordinal) && !line.Contains("/memfd:doublemapper", StringComparison.Ordinal);

    private static long Hex(string text) => long.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static string StatusLine(string name) =>
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Trim();
}
