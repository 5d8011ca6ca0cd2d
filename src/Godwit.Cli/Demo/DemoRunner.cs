using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Machine;
using Godwit.Wire;

namespace Godwit.Cli;

/// <summary>
/// Migrates the built-in guest from process to process while it writes, and checks it: its own rounds go on, and its memory is a
/// staircase at the end.
/// </summary>
internal sealed class DemoRunner(DemoOptions options, Func<int, string, IMigrationProgress> progressOf, Action<string> note)
{
    private const ulong RamStart = 0x8000_0000;
    private const int PageBytes = 4096;
    private static readonly TimeSpan _guestDeadline = TimeSpan.FromSeconds(120);

    private int _processes;

    public async Task<DemoResult> RunAsync(CancellationToken interrupt)
    {
        var watch = Stopwatch.StartNew();
        string directory = Directory.CreateTempSubdirectory("godwit-demo-").FullName;
        try
        {
            return await RunInAsync(directory, watch, interrupt);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<DemoResult> RunInAsync(string directory, Stopwatch watch, CancellationToken interrupt)
    {
        note($"starting a guest with {SizeText.Format(options.MemoryBytes)} of memory that it never stops writing to");
        VmProcess current = await StartAsync(directory, isDestination: false, interrupt);
        try
        {
            ulong round = await WaitForRoundAsync(current, after: null, interrupt);
            var hops = new List<DemoHop>();
            for (int number = 1; number <= options.Hops; number++)
            {
                VmProcess next = await StartAsync(directory, isDestination: true, interrupt);
                try
                {
                    hops.Add(await HopAsync(number, current, next, round, interrupt));
                    round = hops[^1].GuestRounds[^1];
                    (current, next) = (next, current);
                }
                finally
                {
                    await next.DisposeAsync();
                }
            }

            StaircaseReport memory = await CheckMemoryAsync(current, interrupt);
            return new DemoResult(options, hops, memory, watch.Elapsed);
        }
        finally
        {
            await current.DisposeAsync();
        }
    }

    private async Task<VmProcess> StartAsync(string directory, bool isDestination, CancellationToken interrupt)
    {
        _processes++;
        string rate = options.DirtyBytesPerSecond == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $",rate={options.DirtyBytesPerSecond / PageBytes}");
        List<string> arguments = ["-m", string.Create(CultureInfo.InvariantCulture, $"{options.MemoryBytes >> 10}k"), "-guest", $"staircase{rate}"];
        if (isDestination)
            arguments.AddRange(["-incoming", "defer"]);
        return await VmProcess.StartAsync(directory, string.Create(CultureInfo.InvariantCulture, $"vm{_processes}"), arguments, interrupt);
    }

    private async Task<DemoHop> HopAsync(int number, VmProcess from, VmProcess to, ulong before, CancellationToken interrupt)
    {
        string route = string.Create(CultureInfo.InvariantCulture, $"process {from.Id} to process {to.Id}");
        MigrationOutcome outcome = await DemoMigration.RunAsync(options, number, route, from, to, progressOf, interrupt);
        if (from.Console.Violation() is { } violation)
            throw new CommandException($"hop {number}", $"the guest complained: {violation}", route);
        ulong first = await WaitForRoundAsync(to, before, interrupt);
        ulong last = await WaitForRoundAsync(to, first, interrupt);

        // The hand-over may have cut a line in two: read as one, the rounds follow each other without gap or repetition.
        IReadOnlyList<ulong> rounds = GuestConsole.Rounds(from.Console.Text() + to.Console.Text());
        for (int i = 1; i < rounds.Count; i++)
        {
            if (rounds[i] != rounds[i - 1] + 1)
                throw new CommandException($"hop {number}", $"round {rounds[i]} followed round {rounds[i - 1]}", route);
        }

        note(string.Create(CultureInfo.InvariantCulture, $"hop {number}: the guest goes on in process {to.Id}, now in round {last + 1}"));
        return new DemoHop(number, route, outcome, [.. rounds.Skip(from.Console.Rounds().Count)]);
    }

    private static async Task<ulong> WaitForRoundAsync(VmProcess vm, ulong? after, CancellationToken interrupt)
    {
        long deadline = Environment.TickCount64 + (long)_guestDeadline.TotalMilliseconds;
        while (true)
        {
            IReadOnlyList<ulong> rounds = vm.Console.Rounds();
            if (vm.Console.Violation() is { } violation)
                throw new CommandException("demo", $"the guest complained: {violation}", $"process {vm.Id}");
            if (rounds.Count > 0 && (after is null || rounds[^1] > after))
                return rounds[^1];
            if (Environment.TickCount64 > deadline)
                throw new CommandException("demo", $"the guest printed no new round within {_guestDeadline.TotalSeconds} s", $"process {vm.Id}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), interrupt);
        }
    }

    private async Task<StaircaseReport> CheckMemoryAsync(VmProcess vm, CancellationToken interrupt)
    {
        note("stopping the guest and checking every page of its memory");
        string dump = Path.Combine(vm.Directory, "memory.bin");
        await vm.Client.ExecuteAsync("stop", cancellationToken: interrupt);
        await vm.Client.ExecuteAsync(
            "pmemsave",
            new JsonObject { ["val"] = RamStart, ["size"] = options.MemoryBytes, ["filename"] = dump },
            cancellationToken: interrupt);
        using var file = new FileStream(dump, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20);
        return StaircaseVerifier.Check(file);
    }
}
