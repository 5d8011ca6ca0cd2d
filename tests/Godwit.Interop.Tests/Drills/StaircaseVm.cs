using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Godwit.Machine;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>A process with the contract machine, one hart and the staircase guest, or waiting for it; with its console.</summary>
internal sealed partial class StaircaseVm : IDisposable
{
    private const string MegaBytes = "16";
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(90);

    private readonly TemporaryDirectory _directory = new();
    private readonly VmProcess _process;

    private StaircaseVm(Func<IEnumerable<string>, VmProcess> start, IEnumerable<string> arguments)
    {
        _process = start([.. LinuxGuest.Machine(memory: MegaBytes), "-serial", $"file:{_directory.File("serial")}", .. arguments]);
        Qmp.EnableCapabilities("return-path", "events");
    }

    public QmpLink Qmp => _process.Qmp;

    public bool HasExited => _process.HasExited;

    /// <summary>What the process printed.</summary>
    public string Output => _process.Output;

    public string Console
    {
        get
        {
            using var file = new FileStream(_directory.File("serial"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }
    }

    public JsonElement Migration => Qmp.Execute("query-migrate");

    public string Error => Migration.TryGetProperty("error-desc", out JsonElement text) ? text.GetString()! : "";

    /// <summary>A running guest.</summary>
    /// <param name="guest">Options of the guest, such as <c>rate=20000,pages=512</c>.</param>
    public static StaircaseVm StartGuest(string guest) => new(arguments => VmProcess.StartGodwit(arguments), ["-guest", $"staircase,{guest}"]);

    /// <summary>A Godwit that waits.</summary>
    public static StaircaseVm StartTarget() => new(arguments => VmProcess.StartGodwit(arguments), ["-incoming", "defer"]);

    /// <summary>A QEMU that waits.</summary>
    public static StaircaseVm StartQemu(QemuPeer peer) =>
        new(arguments => VmProcess.StartQemu(peer, "qemu-system-riscv64", arguments), ["-bios", "none", "-incoming", "defer"]);

    public static ulong[] Rounds(string text) =>
        [.. RoundLine().Matches(text).Select(m => ulong.Parse(m.Groups["n"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture))];

    /// <summary>Each round follows the one before; the hand-over may have cut a line in two, so the text is that of all consoles.</summary>
    public static void AssertConsecutive(string text, ulong step = 1)
    {
        Assert.DoesNotContain("VIOLATION", text, StringComparison.Ordinal);
        ulong[] rounds = Rounds(text);
        Assert.NotEmpty(rounds);
        for (int i = 1; i < rounds.Length; i++)
            Assert.Equal(rounds[i - 1] + step, rounds[i]);
    }

    /// <summary>Listens, and returns the address for the source.</summary>
    public string Listen(string transport, bool exitOnError = false)
    {
        string uri = transport == "tcp" ? "tcp:127.0.0.1:0" : $"unix:{_directory.File("migrate")}";
        Qmp.Execute("migrate-incoming", new Dictionary<string, object>(StringComparer.Ordinal) { ["uri"] = uri, ["exit-on-error"] = exitOnError });
        return transport == "tcp"
            ? $"tcp:127.0.0.1:{Migration.GetProperty("socket-address")[0].GetProperty("port").GetString()}"
            : uri;
    }

    public void Set(string parameter, object value) =>
        Qmp.Execute("migrate-set-parameters", new Dictionary<string, object>(StringComparer.Ordinal) { [parameter] = value });

    public void SetCapability(string name, bool isOn) => Qmp.Execute("migrate-set-capabilities", new { capabilities = new[] { new { capability = name, state = isOn } } });

    /// <summary>Waits until the guest has printed that many more rounds.</summary>
    public void WaitForMoreRounds(int count)
    {
        int have = Rounds(Console).Length;
        Qmp.WaitFor($"{count} rounds after {have}", _ => Rounds(Console).Length >= have + count, _deadline);
        Assert.DoesNotContain("VIOLATION", Console, StringComparison.Ordinal);
    }

    public void WaitForMigration(string status) => Qmp.WaitForMigrationEnd(status, _deadline);

    /// <summary>Sends the guest on and waits until it runs there.</summary>
    public void MigrateTo(StaircaseVm target, string transport)
    {
        Qmp.Execute("migrate", new { uri = target.Listen(transport) });
        WaitForMigration("completed");
        target.WaitForMigration("completed");
        Assert.Equal("postmigrate", Qmp.RunState);
        Assert.Equal("running", target.Qmp.RunState);
        target.WaitForMoreRounds(2);
    }

    /// <summary>Stops the guest and checks every page of its memory.</summary>
    public void AssertMemoryIsSound()
    {
        Qmp.Execute("stop");
        string dump = _directory.File("memory");
        Qmp.Execute("pmemsave", new { val = 0x8000_0000L, size = 16 << 20, filename = dump });
        using FileStream file = File.OpenRead(dump);
        StaircaseReport report = StaircaseVerifier.Check(file);
        Assert.True(report.IsSound, string.Join('\n', report.Violations));
        Assert.True(report.Round > 0);
    }

    /// <summary>Ends the process as <c>kill -9</c> does.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Stops the process, so that it does not read any more.</summary>
    public void Freeze() => Signal("-STOP");

    public void Thaw() => Signal("-CONT");

    public int WaitForExit() => _process.WaitForExit(_deadline);

    public void Dispose()
    {
        _process.Dispose();
        _directory.Dispose();
    }

    private void Signal(string name)
    {
        using Process kill = Process.Start("kill", [name, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    [GeneratedRegex("round (?<n>[0-9]+) ok t=[0-9]+\\r?\\n", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RoundLine();
}
