using System.Diagnostics;
using System.Globalization;
using Godwit.Qmp;

namespace Godwit.Cli;

/// <summary>One <c>godwit run</c> as a process of its own, with its monitor.</summary>
internal sealed class VmProcess : IAsyncDisposable
{
    private static readonly TimeSpan _startDeadline = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _errors;
    private QmpClient? _client;
    private bool _isDisposed;

    private VmProcess(Process process, string directory)
    {
        _process = process;
        Directory = directory;
        Console = new GuestConsole(Path.Combine(directory, "serial.log"));
        _errors = process.StandardError.ReadToEndAsync();
        _ = process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>The process's own folder: sockets and the guest's output.</summary>
    public string Directory { get; }

    public GuestConsole Console { get; }

    public int Id => _process.Id;

    public QmpClient Client => _client ?? throw new InvalidOperationException("The process is not connected.");

    /// <summary>Starts a machine and connects to its monitor.</summary>
    /// <param name="parent">Folder under which the process gets one of its own.</param>
    /// <param name="name">Name of the machine.</param>
    /// <param name="options">Options of the machine itself.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="qemu">The program of a QEMU; null for a machine of this very program.</param>
    public static async Task<VmProcess> StartAsync(
        string parent, string name, IEnumerable<string> options, CancellationToken cancellationToken, string? qemu = null)
    {
        string directory = System.IO.Directory.CreateDirectory(Path.Combine(parent, name)).FullName;
        string monitor = Path.Combine(directory, "qmp.sock");
        ProcessStartInfo start = qemu is null ? Self() : new ProcessStartInfo(qemu) { UseShellExecute = false };
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        string[] arguments =
        [
            "-M", "virt,acpi=off", "-nodefaults", "-display", "none", "-name", name,
            "-serial", $"file:{Path.Combine(directory, "serial.log")}", "-qmp", $"unix:{monitor},server=on,wait=off", .. options,
        ];
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        Process process = Process.Start(start) ?? throw new CommandException("demo", "cannot start a VM process", start.FileName);
        var result = new VmProcess(process, directory);
        try
        {
            await result.ConnectAsync(monitor, cancellationToken);
            return result;
        }
        catch
        {
            await result.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks the machine to end, and ends the process if it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            if (_client is not null && !_process.HasExited)
            {
                await _client.ExecuteAsync("quit", cancellationToken: deadline.Token);
                await _process.WaitForExitAsync(deadline.Token);
            }
        }
        catch (Exception e) when (e is QmpConnectionException or QmpException or OperationCanceledException)
        {
            // It is ended below.
        }

        if (_client is not null)
            await _client.DisposeAsync();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    // This very program: the host executable, or `dotnet godwit.dll`.
    private static ProcessStartInfo Self()
    {
        string program = Environment.ProcessPath ?? "dotnet";
        var start = new ProcessStartInfo(program) { UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program) is not "godwit")
        {
            start.FileName = Path.GetFileNameWithoutExtension(program) is "dotnet" ? program : "dotnet";
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "godwit.dll"));
        }

        start.ArgumentList.Add("run");
        return start;
    }

    private async Task ConnectAsync(string monitor, CancellationToken cancellationToken)
    {
        long deadline = Environment.TickCount64 + (long)_startDeadline.TotalMilliseconds;
        while (true)
        {
            if (_process.HasExited)
            {
                string text = (await _errors).Trim();
                throw new CommandException(
                    "demo", text.Length > 0 ? text : string.Create(CultureInfo.InvariantCulture, $"a VM process ended with status {_process.ExitCode}"), "godwit run");
            }

            try
            {
                _client = await QmpClient.ConnectAsync(QmpAddress.Unix(monitor), cancellationToken: cancellationToken);
                return;
            }
            catch (QmpConnectionException) when (Environment.TickCount64 < deadline)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
            }
        }
    }
}
