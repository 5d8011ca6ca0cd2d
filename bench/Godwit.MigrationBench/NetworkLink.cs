using System.Diagnostics;
using System.Globalization;

namespace Godwit.MigrationBench;

/// <summary>Where the two ends of a migration are: both on loopback, or in two network namespaces with a shaped link between them.</summary>
internal sealed class NetworkLink : IDisposable
{
    private readonly string? _sourceNamespace;
    private readonly string? _destinationNamespace;

    private NetworkLink(string name, string address, string? source, string? destination)
    {
        Name = name;
        Address = address;
        _sourceNamespace = source;
        _destinationNamespace = destination;
    }

    public string Name { get; }

    /// <summary>The destination's address.</summary>
    public string Address { get; }

    public static NetworkLink Create(string? shape)
    {
        if (shape is null)
            return new NetworkLink("loopback", "127.0.0.1", null, null);
        string rate = shape.Split(',')[0];
        string delay = shape.Split(',')[1];
        string id = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        string[] ends = [$"gws{id}", $"gwd{id}"];
        var link = new NetworkLink($"{rate}, {delay} each way", "10.93.0.2", ends[0], ends[1]);
        foreach (string end in ends)
            Run("ip", "netns", "add", end);
        Run("ip", "link", "add", ends[0], "netns", ends[0], "type", "veth", "peer", "name", ends[1], "netns", ends[1]);
        for (int i = 0; i < 2; i++)
        {
            Run("ip", "-n", ends[i], "addr", "add", $"10.93.0.{i + 1}/24", "dev", ends[i]);
            Run("ip", "-n", ends[i], "link", "set", ends[i], "up");
            Run("ip", "-n", ends[i], "link", "set", "lo", "up");
            Run("ip", "netns", "exec", ends[i], "tc", "qdisc", "add", "dev", ends[i], "root", "netem", "rate", rate, "delay", delay, "limit", "200000");
        }

        return link;
    }

    /// <summary>Has a program started at one end.</summary>
    public void Place(ProcessStartInfo start, bool atDestination)
    {
        if ((atDestination ? _destinationNamespace : _sourceNamespace) is not { } place)
            return;
        string[] words = ["netns", "exec", place, start.FileName, .. start.ArgumentList];
        start.ArgumentList.Clear();
        start.FileName = "ip"; // replaces itself by the program: the process stays the same
        foreach (string word in words)
            start.ArgumentList.Add(word);
    }

    public void Dispose()
    {
        if (_sourceNamespace is not null)
            Run("ip", "netns", "del", _sourceNamespace);
        if (_destinationNamespace is not null)
            Run("ip", "netns", "del", _destinationNamespace);
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new BenchException($"{program} {string.Join(' ', arguments)}: {errors.Trim()}");
    }
}
