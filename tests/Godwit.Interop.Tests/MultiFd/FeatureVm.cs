using System.Text.RegularExpressions;
using Godwit.Machine;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>One end of a migration with features: a process with the contract machine and the staircase guest, Godwit's or a real QEMU's.</summary>
internal sealed partial class FeatureVm : IDisposable
{
    public const int MegaBytes = 32;

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(40);

    private readonly TemporaryDirectory _directory = new();
    private readonly VmProcess _process;

    private FeatureVm(string peer, bool waits, StaircaseOptions? guest, IEnumerable<string> more)
    {
        List<string> arguments = [.. LinuxGuest.Machine(memory: $"{MegaBytes}"), "-serial", $"file:{_directory.File("serial")}", .. more];
        if (waits)
            arguments.AddRange(["-incoming", "defer"]);
        if (peer == "godwit")
        {
            if (!waits)
                arguments.AddRange(["-guest", $"staircase,rate={guest!.PagesPerSecond},pages={guest.WorkingSetPages},report-rounds={guest.ReportRounds}"]);
            _process = VmProcess.StartGodwit(arguments);
        }
        else
        {
            string image = "none";
            if (!waits)
                File.WriteAllBytes(image = _directory.File("guest"), [.. StaircaseGuest.Build(guest!).Image]);
            _process = VmProcess.StartQemu(Qemu(peer), "qemu-system-riscv64", [.. arguments, "-bios", image]);
        }

        Peer = peer;
    }

    /// <summary><c>godwit</c>, <c>10</c> or <c>11</c>.</summary>
    public string Peer { get; }

    public QmpLink Qmp => _process.Qmp;

    public VmProcess Process => _process;

    public string Console
    {
        get
        {
            if (!File.Exists(_directory.File("serial")))
                return ""; // the process has only just begun
            using var file = new FileStream(_directory.File("serial"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }
    }

    public static QemuPeer Qemu(string peer) => peer == "10" ? QemuPeer.Qemu10_0 : QemuPeer.Qemu11_1;

    /// <summary>A running guest.</summary>
    public static FeatureVm StartGuest(string peer, ulong pagesPerSecond = 5000, ulong pages = 4000, params IEnumerable<string> more) =>
        new(peer, waits: false, new StaircaseOptions { RamBytes = MegaBytes << 20, PagesPerSecond = pagesPerSecond, WorkingSetPages = pages }, more);

    /// <summary>A machine that waits for one.</summary>
    public static FeatureVm StartTarget(string peer, params IEnumerable<string> more) => new(peer, waits: true, null, more);

    public static int Rounds(string text) => RoundLine().Count(text);

    public string PathOf(string name) => _directory.File(name);

    public void Set(string parameter, object value) =>
        Qmp.Execute("migrate-set-parameters", new Dictionary<string, object>(StringComparer.Ordinal) { [parameter] = value });

    /// <summary>Says which release takes the guest next; a real QEMU knows only itself.</summary>
    public void ExpectTarget(FeatureVm target)
    {
        if (Peer == "godwit" && target.Peer == "11")
            Set("x-peer-version", "11.1");
    }

    /// <summary>Listens, and returns the address for the source.</summary>
    public string Listen()
    {
        string uri = $"unix:{_directory.File("migrate")}";
        Load(uri);
        return uri;
    }

    /// <summary>Loads from an address.</summary>
    public void Load(string uri) =>
        Qmp.Execute("migrate-incoming", new Dictionary<string, object>(StringComparer.Ordinal) { ["uri"] = uri, ["exit-on-error"] = false });

    public void WaitForMoreRounds(int count)
    {
        int have = Rounds(Console);
        Qmp.WaitFor($"{count} rounds after {have}: {Console}", _ => Rounds(Console) >= have + count, _deadline);
    }

    /// <summary>Why a migration failed: what the monitor says and what the process printed.</summary>
    public string Explanation =>
        (Qmp.Execute("query-migrate").TryGetProperty("error-desc", out var text) ? text.GetString() : "") + _process.Output;

    public void WaitForMigration(string status = "completed") => Qmp.WaitForMigrationEnd(status, _deadline);

    /// <summary>Lets the guest go on, then stops it and checks every page of its memory.</summary>
    public void AssertGuestIsSound()
    {
        WaitForMoreRounds(2);
        AssertMemoryIsSound();
    }

    /// <summary>Stops the guest and checks every page of its memory.</summary>
    public void AssertMemoryIsSound()
    {
        Assert.DoesNotContain("VIOLATION", Console, StringComparison.Ordinal);
        Qmp.Execute("stop");
        string dump = _directory.File("memory");
        Qmp.Execute("pmemsave", new { val = 0x8000_0000L, size = MegaBytes << 20, filename = dump });
        using FileStream file = File.OpenRead(dump);
        StaircaseReport report = StaircaseVerifier.Check(file);
        Assert.True(report.IsSound, string.Join('\n', report.Violations));
        Assert.True(report.Round > 0);
    }

    public void Dispose()
    {
        _process.Dispose();
        _directory.Dispose();
    }

    [GeneratedRegex("round [0-9]+ ok t=[0-9]+\\r?\\n", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex RoundLine();
}
