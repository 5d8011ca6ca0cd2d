using System.Text.Json.Nodes;
using Godwit.Machine;
using Godwit.Qmp;
using Godwit.Testing;
using Godwit.Vmm;

namespace Godwit.Monitor.Tests;

/// <summary>A machine with one QMP monitor and a client on it.</summary>
internal sealed class MonitorFixture : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private MonitorFixture(VmOptions options)
    {
        Vm = new VirtualMachine(options);
        Monitor = new VmMonitor(Vm);
    }

    public VirtualMachine Vm { get; }

    public VmMonitor Monitor { get; }

    public QmpClient Client { get; private set; } = null!;

    public static async Task<MonitorFixture> StartAsync(Func<VmOptions, VmOptions>? change = null)
    {
        var options = new VmOptions
        {
            RamBytes = 8 << 20,
            Staircase = new StaircaseOptions { RamBytes = 8 << 20, WorkingSetPages = 64, PagesPerSecond = 10_000, ReportRounds = 10 },
        };
        var fixture = new MonitorFixture(change is null ? options : change(options));
        QmpAddress address = await fixture.Monitor.AddQmpAsync(new QmpEndpoint(QmpAddress.Unix(fixture.File("qmp"))));
        fixture.Client = await QmpClient.ConnectAsync(address, new QmpClientOptions { EnableOutOfBand = true });
        return fixture;
    }

    public string File(string name) => _directory.File(name);

    public Task<JsonNode?> ExecuteAsync(string command, string arguments = "{}") =>
        Client.ExecuteAsync(command, JsonNode.Parse(arguments)!.AsObject());

    public async Task<string> ReplyAsync(string command, string arguments = "{}") =>
        QmpJsonWriter.Format(await ExecuteAsync(command, arguments));

    public async Task<string> ErrorAsync(string command, string arguments = "{}") =>
        (await Assert.ThrowsAsync<QmpException>(() => ExecuteAsync(command, arguments))).Message;

    public async Task<string> EventAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        QmpEvent e = await Client.Events.ReadAsync(deadline.Token);
        return e.Name switch
        {
            "MIGRATION" => "M:" + e.GetString("status"),
            "MIGRATION_PASS" => "P:" + e.Data!["pass"],
            _ => e.Name,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Monitor.DisposeAsync();
        Vm.Dispose();
        _directory.Dispose();
    }
}
