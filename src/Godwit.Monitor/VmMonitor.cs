using System.Text;
using Godwit.Qmp;
using Godwit.Vmm;

namespace Godwit.Monitor;

/// <summary>All monitors of one machine: QMP and human ones, over any number of sockets.</summary>
public sealed class VmMonitor : IAsyncDisposable
{
    private const string Prompt = "(qemu) ";
    private const int MaximumLineBytes = 4096;

    private readonly MonitorContext _context;
    private readonly HumanMonitor _human;
    private readonly QmpServer _server;
    private readonly HumanListeners _humanListeners;

    /// <summary>Makes the commands of a machine and takes over its events.</summary>
    /// <param name="machine">The machine; stays the caller's.</param>
    public VmMonitor(VirtualMachine machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        _context = new MonitorContext(machine);
        var table = new QmpCommandTable();
        var migration = new MigrationCommands(_context);
        migration.AddTo(table);
        new MachineCommands(_context).AddTo(table);
        var dirtyRate = new DirtyRateCommands(machine);
        dirtyRate.AddTo(table);
        var balloon = new BalloonCommands(machine);
        balloon.AddTo(table);
        var snapshots = new SnapshotCommands(machine);
        snapshots.AddTo(table);
        new ObjectCommands(machine).AddTo(table);
        new FileCommands(_context).AddTo(table);
        _human = new HumanMonitor(_context, migration, dirtyRate, balloon, snapshots);
        _context.RunHumanLine = (line, context) =>
        {
            var output = new HumanOutput(context.Files, canWait: false);
            _human.Run(line, output);
            return output.ToString();
        };
        _server = new QmpServer(table, MonitorVersion.Presented);
        _humanListeners = new HumanListeners(ServeHumanAsync);
        machine.EventSink = e => _server.EmitEvent(e.Name, e.Data);
    }

    /// <summary>The commands, for tests and documentation.</summary>
    public IQmpCommandTable Commands => _server.Commands;

    /// <summary>Descriptors given with <c>add-fd</c>.</summary>
    public FdSets FdSets => _context.FdSets;

    /// <summary>Opens a QMP monitor.</summary>
    /// <param name="endpoint">Where and how.</param>
    /// <param name="cancellationToken">Ends the wait for the first client.</param>
    /// <returns>Where it can be reached.</returns>
    /// <exception cref="QmpConnectionException">The address cannot be listened on.</exception>
    public Task<QmpAddress> AddQmpAsync(QmpEndpoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        NoteMonitor(endpoint);
        return _server.AddMonitorAsync(endpoint, cancellationToken);
    }

    /// <summary>Opens a human monitor.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="cancellationToken">Ends the wait for the first client.</param>
    public Task AddHumanAsync(QmpEndpoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        NoteMonitor(endpoint);
        return _humanListeners.AddAsync(endpoint, cancellationToken);
    }

    /// <summary>Runs one line of the human monitor, as <c>human-monitor-command</c> does.</summary>
    /// <param name="line">The line.</param>
    /// <returns>What it prints; lines end in CR LF.</returns>
    public string RunHumanLine(string line)
    {
        using var files = new QmpNamedFiles();
        return _context.RunHumanLine(line, new QmpCommandContext(files));
    }

    /// <summary>Sends what is queued and closes all monitors.</summary>
    public async ValueTask DisposeAsync()
    {
        await _humanListeners.DisposeAsync();
        await _server.DisposeAsync();
        _context.FdSets.Dispose();
    }

    private void NoteMonitor(QmpEndpoint endpoint)
    {
        string address = endpoint.Address.Kind == QmpAddressKind.Stdio ? "stdio" : $"{endpoint.Address},server=on";
        _context.Monitors.Add(($"compat_monitor{_context.Monitors.Count}", address));
    }

    private async Task ServeHumanAsync(QmpTransport transport, CancellationToken cancellationToken)
    {
        using var files = new QmpNamedFiles();
        await WriteAsync($"Godwit {MonitorVersion.Program} monitor - type 'help' for more information\r\n{Prompt}");
        var line = new List<byte>();
        byte[] buffer = new byte[MaximumLineBytes];
        int count;
        while ((count = await transport.ReadAsync(buffer, cancellationToken)) > 0)
        {
            foreach (byte b in buffer.AsMemory(0, count).ToArray())
            {
                if (b is not ((byte)'\n' or (byte)'\r'))
                {
                    if (line.Count < MaximumLineBytes)
                        line.Add(b);
                    continue;
                }

                if (b == (byte)'\r')
                    continue;
                string text = Encoding.UTF8.GetString([.. line]);
                line.Clear();
                await WriteAsync(await RunAsync(text) + Prompt);
            }
        }

        async Task<string> RunAsync(string text)
        {
            var output = new HumanOutput(files, canWait: true);
            await _server.RunInBandAsync(
                () =>
                {
                    _human.Run(text, output);
                    return ValueTask.FromResult(true);
                },
                cancellationToken);
            if (output.Continuation is not null)
                await output.Continuation(cancellationToken);
            return output.ToString();
        }

        async Task WriteAsync(string text) => await transport.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
    }
}
