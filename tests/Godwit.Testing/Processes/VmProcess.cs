using System.Diagnostics;
using System.Text;

namespace Godwit.Testing;

/// <summary>A virtual machine in a process of its own, QEMU's or Godwit's, with a monitor; ended by its own id.</summary>
public sealed class VmProcess : IDisposable
{
    private readonly Process _process;
    private readonly TemporaryDirectory _directory;
    private readonly StringBuilder _standardError = new();
    private QmpLink? _qmp;

    private VmProcess(string program, IEnumerable<string> leading, IEnumerable<string> arguments, TemporaryDirectory directory)
    {
        _directory = directory;
        ProcessStartInfo start = new(program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in leading.Concat(arguments))
            start.ArgumentList.Add(argument);
        start.ArgumentList.Add("-qmp");
        start.ArgumentList.Add($"unix:{QmpPath},server=on,wait=off");
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) => Append(_standardError, line.Data);
        _process.OutputDataReceived += (_, line) => Append(_standardError, line.Data);
        _process.Start();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>The path of the monitor's socket.</summary>
    public string QmpPath => _directory.File("qmp");

    /// <summary>A path in the process's own folder.</summary>
    public string File(string name) => _directory.File(name);

    /// <summary>The process's id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The monitor, connected on first use.</summary>
    public QmpLink Qmp => _qmp ??= Connect();

    /// <summary>What it printed on standard error and output.</summary>
    public string Output
    {
        get
        {
            lock (_standardError)
                return _standardError.ToString();
        }
    }

    /// <summary>Starts a QEMU.</summary>
    /// <param name="peer">The version.</param>
    /// <param name="program">For instance <c>qemu-system-riscv64</c>.</param>
    /// <param name="arguments">The command line without the monitor.</param>
    public static VmProcess StartQemu(QemuPeer peer, string program, params IEnumerable<string> arguments) =>
        new(peer.Program(program), ["-display", "none"], arguments, new TemporaryDirectory());

    /// <summary>Starts <c>godwit run</c>.</summary>
    /// <param name="arguments">The command line after <c>run</c>, without the monitor.</param>
    public static VmProcess StartGodwit(params IEnumerable<string> arguments) =>
        new(Repository.RuntimeHost, [Repository.GodwitAssembly, "run"], arguments, new TemporaryDirectory());

    /// <summary>Waits for the end and returns the exit status.</summary>
    public int WaitForExit(TimeSpan? deadline = null)
    {
        TimeSpan limit = deadline ?? TimeSpan.FromSeconds(30);
        if (!_process.WaitForExit(limit))
            throw new TimeoutException($"process {Id} still runs after {limit.TotalSeconds:F0} s; it printed: {Output}");
        _process.WaitForExit();
        return _process.ExitCode;
    }

    /// <summary>Ends it at once, as <c>kill -9</c> does.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _qmp?.Dispose();
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
        _directory.Dispose();
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is null)
            return;
        lock (text)
            text.AppendLine(line);
    }

    private QmpLink Connect()
    {
        try
        {
            return QmpLink.Connect(QmpPath, () => !_process.HasExited, TimeSpan.FromSeconds(60));
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException)
        {
            throw new InvalidOperationException($"no monitor at {QmpPath}; the process printed: {Output}", e);
        }
    }
}
