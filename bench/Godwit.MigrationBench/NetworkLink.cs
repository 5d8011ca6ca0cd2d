using System.Diagnostics;
using System.Globalization;

namespace Godwit.MigrationBench;

/// <summary>Where the two ends of a migration are: both on loopback, or in two network namespaces with a shaped link between them.</summary>
/// <remarks>
/// The link is a pair of veth devices with tc's netem; where the kernel has no netem, it is two TUN devices and a C program between them, which
/// takes processor time of its own.
/// </remarks>
internal sealed class NetworkLink : IDisposable
{
    private const string SourceAddress = "10.93.0.1";
    private const string DestinationAddress = "10.93.0.2";

    /// <summary>More than 10 Gbit/s carry in 40 ms, the way there and back.</summary>
    private const int TcpBufferBytes = 64 << 20;

    private readonly string[] _namespaces;
    private Process? _delayLine;

    private NetworkLink(string name, string address, string[] namespaces)
    {
        Name = name;
        Address = address;
        _namespaces = namespaces;
    }

    public string Name { get; private set; }

    /// <summary>The destination's address.</summary>
    public string Address { get; }

    public static NetworkLink Create(LinkShape? shape)
    {
        if (shape is null)
            return new NetworkLink("loopback", "127.0.0.1", []);
        string id = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var link = new NetworkLink(shape.Name, DestinationAddress, [$"gws{id}", $"gwd{id}"]);
        try
        {
            link.Connect(shape);
            return link;
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    /// <summary>Has a program started at one end.</summary>
    public void Place(ProcessStartInfo start, bool atDestination)
    {
        if (_namespaces.Length == 0)
            return;
        string[] words = ["netns", "exec", _namespaces[atDestination ? 1 : 0], start.FileName, .. start.ArgumentList];
        start.ArgumentList.Clear();
        start.FileName = "ip"; // replaces itself by the program: the process stays the same
        foreach (string word in words)
            start.ArgumentList.Add(word);
    }

    public void Dispose()
    {
        if (_delayLine is not null)
        {
            _delayLine.StandardInput.Close();
            _delayLine.WaitForExit();
            _delayLine.Dispose();
        }

        foreach (string place in _namespaces)
            TryRun(out _, "ip", "netns", "del", place);
    }

    private void Connect(LinkShape shape)
    {
        foreach (string end in _namespaces)
        {
            Run("ip", "netns", "add", end);
            foreach (string kind in (string[])["tcp_rmem", "tcp_wmem"])
                Run("ip", "netns", "exec", end, "sh", "-c", $"echo 4096 131072 {TcpBufferBytes} > /proc/sys/net/ipv4/{kind}");
        }

        string device = _namespaces[0];
        bool hasNetem = TryRun(out _, "ip", "netns", "exec", device, "tc", "qdisc", "add", "dev", "lo", "root", "netem");
        if (hasNetem)
        {
            Run("ip", "netns", "exec", device, "tc", "qdisc", "del", "dev", "lo", "root");
            Run("ip", "link", "add", device, "netns", _namespaces[0], "type", "veth", "peer", "name", device, "netns", _namespaces[1]);
            Name += " (veth, netem)";
        }
        else
        {
            StartDelayLine(shape, device);
            Name += " (TUN, delay line)";
        }

        for (int i = 0; i < 2; i++)
        {
            string end = _namespaces[i];
            Run("ip", "-n", end, "addr", "add", $"{(i == 0 ? SourceAddress : DestinationAddress)}/24", "dev", device);
            Run("ip", "-n", end, "link", "set", device, "mtu", "65000", "up");
            Run("ip", "-n", end, "link", "set", "lo", "up");
            if (hasNetem)
            {
                Run("ip", "netns", "exec", end, "tc", "qdisc", "add", "dev", device, "root", "netem", "rate", $"{shape.BitsPerSecond}bit",
                    "delay", $"{shape.DelayMicroseconds}us", "limit", "200000");
            }
        }
    }

    private void StartDelayLine(LinkShape shape, string device)
    {
        string[] words = [.. _namespaces, device, $"{shape.BitsPerSecond}", $"{shape.DelayMicroseconds}"];
        var start = new ProcessStartInfo(CProgram.Build("delayline"), words) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        _delayLine = Process.Start(start) ?? throw new BenchException("cannot start the delay line");
        if (_delayLine.StandardOutput.ReadLine() != "ready")
            throw new BenchException("the delay line has no TUN devices");
    }

    private static void Run(string program, params string[] arguments)
    {
        if (!TryRun(out string errors, program, arguments))
            throw new BenchException($"{program} {string.Join(' ', arguments)}: {errors}");
    }

    private static bool TryRun(out string errors, string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        errors = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
