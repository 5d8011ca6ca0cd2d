using System.Text.Json;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>What may go together, asked of a real QEMU 10.0 and of Godwit in the same words: the answers are the same.</summary>
public sealed class RulesTests
{
    // What depends on the accelerator, the build or the host, and what is not built here.
    private static readonly HashSet<string> _own = new(StringComparer.Ordinal)
    {
        "dirty-limit requires KVM with accelerator property 'dirty-ring-size' set", // the software CPU counts per hart
    };

    private static readonly string[] _transports = ["exec:true", "fd:nobody", "file:/nonexistent/x", "tcp:127.0.0.1:1", "unix:/nonexistent/s"];

    [Fact]
    public void Capabilities_EveryPairAndSomeTriples_AreAnsweredAsByQemu()
    {
        using VmProcess qemu = Start("10");
        using VmProcess godwit = Start("godwit");
        string[] names = [.. qemu.Qmp.Execute("query-migrate-capabilities").EnumerateArray().Select(c => c.GetProperty("capability").GetString()!)];
        Assert.Equal(names, godwit.Qmp.Execute("query-migrate-capabilities").EnumerateArray().Select(c => c.GetProperty("capability").GetString()!));
        List<string> differences = [];
        var refusals = new HashSet<string>(StringComparer.Ordinal);
        foreach (string first in names)
        {
            foreach (string second in names)
            {
                // Each pair in both orders, alone and with what the other needs.
                foreach (string[] more in new string[][] { [], ["return-path"], ["multifd"], ["postcopy-ram"] })
                    Compare("migrate-set-capabilities", Switch([first, second, .. more]), refusals, differences, qemu, godwit, () => Reset([first, second, .. more], qemu, godwit));
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(20)));

        // All refusals of the table that a riscv64 QEMU with TCG can give.
        Assert.True(refusals.Count >= 24, string.Join('\n', refusals.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Parameters_AtAndBeyondTheirBounds_AreAnsweredAsByQemu()
    {
        using VmProcess qemu = Start("10");
        using VmProcess godwit = Start("godwit");
        List<string> differences = [];
        var refusals = new HashSet<string>(StringComparer.Ordinal);
        string[] numbers = ["-1", "0", "1", "2", "9", "10", "19", "20", "21", "99", "100", "101", "255", "256", "1000", "1001", "2048", "4096", "12288",
            "10000", "10001", "100000", "100001", "2000000", "2000001", "4294967295", "4294967296", "9223372036854775808", "18446744073709551615"];
        string[] others = ["null", "true", "\"x\"", "\"1G\"", "1.5", "[]", "{}", "\"\"", "\"zlib\"", "\"legacy\"", "\"normal\""];
        JsonElement all = qemu.Qmp.Execute("query-migrate-parameters");
        foreach (JsonProperty parameter in all.EnumerateObject())
        {
            foreach (string value in numbers.Concat(others))
            {
                // TLS is not built; its words are taken by QEMU without being looked at.
                if (parameter.Name == "tls-creds" && value is not ("\"\"" or "null" or "1.5" or "true"))
                    continue;
                Compare("migrate-set-parameters", $"{{\"{parameter.Name}\":{value}}}", refusals, differences, qemu, godwit, () =>
                {
                    string old = $"{{\"{parameter.Name}\":{parameter.Value.GetRawText()}}}";
                    Ask(qemu, "migrate-set-parameters", old);
                    Ask(godwit, "migrate-set-parameters", old);
                });
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(30)));
        Assert.True(refusals.Count >= 40, $"{refusals.Count}");
    }

    [Fact]
    public void Transports_WithEachCapability_AreAnsweredAsByQemu()
    {
        using VmProcess qemu = Start("10");
        using VmProcess godwit = Start("godwit");
        List<string> differences = [];
        var refusals = new HashSet<string>(StringComparer.Ordinal);
        foreach (string[] on in new string[][] { [], ["mapped-ram"], ["multifd"], ["mapped-ram", "multifd"], ["return-path"], ["switchover-ack", "return-path"] })
        {
            Both("migrate-set-capabilities", Switch(on), qemu, godwit);
            foreach (string direct in new[] { "false", "true" })
            {
                Both("migrate-set-parameters", $"{{\"direct-io\":{direct}}}", qemu, godwit);
                foreach (string uri in _transports.Append("bogus:x").Append("tcp:foo").Append("unix:"))
                {
                    foreach (string resume in new[] { "false", "true" })
                    {
                        // What is taken goes its way, and to nothing.
                        Compare("migrate", $"{{\"uri\":\"{uri}\",\"resume\":{resume}}}", refusals, differences, qemu, godwit, () => Settle(qemu, godwit));
                    }
                }
            }

            Both("migrate-set-capabilities", Switch(on, state: false), qemu, godwit);
        }

        foreach (string arguments in new[] { "{}", "{\"uri\":\"tcp:127.0.0.1:1\"}", "{\"uri\":\"bogus:x\"}" })
            Compare("migrate-incoming", arguments, refusals, differences, qemu, godwit, () => { });
        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(20)));
        Assert.Contains("Migration requires multi-channel URIs (e.g. tcp)", refusals);
        Assert.Contains("Migration requires seekable transport (e.g. file)", refusals);
        Assert.Contains("Cannot resume if there is no paused migration", refusals);
    }

    private static VmProcess Start(string peer)
    {
        string[] arguments = [.. LinuxGuest.Machine(memory: "16"), "-S", "-bios", "none"];
        return peer == "godwit" ? VmProcess.StartGodwit(arguments) : VmProcess.StartQemu(FeatureVm.Qemu(peer), "qemu-system-riscv64", arguments);
    }

    private static void Compare(
        string command, string arguments, HashSet<string> refusals, List<string> differences, VmProcess qemu, VmProcess godwit, Action taken)
    {
        string expected = Ask(qemu, command, arguments);
        string found = Ask(godwit, command, arguments);
        if (expected == "ok" || found == "ok")
            taken();
        if (expected != "ok")
            refusals.Add(expected);
        bool isOwn = _own.Contains(expected) || (expected == "ok" && found.EndsWith("is not built yet", StringComparison.Ordinal))
            || (_own.Contains(expected) && found == "ok");
        if (expected != found && !isOwn)
            differences.Add($"{command} {arguments}: '{found}' and not '{expected}'");
    }

    private static string Ask(VmProcess machine, string command, string arguments)
    {
        JsonElement members = JsonDocument.Parse(arguments).RootElement;
        try
        {
            machine.Qmp.Execute(command, members);
            return "ok";
        }
        catch (InvalidOperationException e)
        {
            return e.Message[(e.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..];
        }
    }

    private static void Both(string command, string arguments, VmProcess qemu, VmProcess godwit)
    {
        Assert.Equal("ok", Ask(qemu, command, arguments));
        Assert.Equal("ok", Ask(godwit, command, arguments));
    }

    private static string Switch(IEnumerable<string> names, bool state = true) =>
        JsonSerializer.Serialize(new { capabilities = names.Select(name => new { capability = name, state }) });

    private static void Reset(IEnumerable<string> names, VmProcess qemu, VmProcess godwit) => Both("migrate-set-capabilities", Switch(names, state: false), qemu, godwit);

    /// <summary>
    /// Waits until what was taken has ended. Most of it fails; a command that reads nothing may get a whole stream before it ends, and QEMU does not always see
    /// that the end was not taken. Then the guest is taken back, so that the next attempt has one to migrate.
    /// </summary>
    private static void Settle(VmProcess qemu, VmProcess godwit)
    {
        foreach (VmProcess machine in new[] { qemu, godwit })
        {
            string status = "";
            machine.Qmp.WaitFor("the attempt to end", q => (status = q.MigrationStatus) is "failed" or "completed" or "none");
            if (status != "completed")
                continue;
            machine.Qmp.WaitFor("the run state of the end", q => q.RunState != "finish-migrate");
            if (machine.Qmp.RunState != "postmigrate")
                continue;
            machine.Qmp.Execute("cont");
            machine.Qmp.Execute("stop");
        }
    }
}
