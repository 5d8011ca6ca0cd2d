using System.Globalization;

namespace Godwit.MigrationBench;

/// <summary>Processor time of a process, all threads, from the kernel's table.</summary>
internal static class ProcessClock
{
    private const double TicksPerSecond = 100; // USER_HZ on every Linux that .NET runs on

    public static double CpuSeconds(int processId)
    {
        string stat = File.ReadAllText($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/stat");

        // The name in parentheses may hold spaces; utime and stime are fields 14 and 15, counted from 1.
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
