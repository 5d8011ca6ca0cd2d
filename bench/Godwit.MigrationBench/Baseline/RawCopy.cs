using System.Diagnostics;
using System.Globalization;

namespace Godwit.MigrationBench;

/// <summary>The yardstick: the same memory through a socket by a C program that does nothing else.</summary>
internal sealed class RawCopy
{
    public const string Name = "raw copy";

    private readonly string _program;

    private RawCopy(string program) => _program = program;

    /// <summary>Compiles the program.</summary>
    public static RawCopy Build() => new(CProgram.Build("rawcopy"));

    public async Task<RunSample> RunAsync(ContentFile content, bool isPretouched, NetworkLink link)
    {
        string bytes = content.LengthBytes.ToString(CultureInfo.InvariantCulture);
        using Process receiver = Start(link, atDestination: true, "receive", bytes, isPretouched ? "1" : "0");
        string port = await receiver.StandardOutput.ReadLineAsync() ?? throw new BenchException("the raw copy cannot listen");
        using Process sender = Start(link, atDestination: false, "send", content.Path, bytes, link.Address, port);
        double[] sent = Numbers(await sender.StandardOutput.ReadToEndAsync());
        double[] read = Numbers(await receiver.StandardOutput.ReadToEndAsync());
        await sender.WaitForExitAsync();
        await receiver.WaitForExitAsync();
        return new RunSample(sent[0], 0, sent[1], read[1], content.LengthBytes, content.LengthBytes);
    }

    private static double[] Numbers(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return words.Length == 3 ? [.. words.Skip(1).Select(word => double.Parse(word, CultureInfo.InvariantCulture))] : throw new BenchException("the raw copy failed");
    }

    private Process Start(NetworkLink link, bool atDestination, params string[] arguments)
    {
        var start = new ProcessStartInfo(_program, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        link.Place(start, atDestination);
        return Process.Start(start) ?? throw new BenchException("cannot start the raw copy");
    }
}
