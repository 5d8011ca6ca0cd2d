using System.Globalization;
using Godwit.Accel;
using Godwit.Memory;
using Godwit.Migration;
using Godwit.Vmm;
using Godwit.Wire;

namespace Godwit.Monitor;

/// <summary>The subcommands of <c>info</c>.</summary>
internal sealed class HumanInfo(VirtualMachine machine)
{
    public IReadOnlyList<HumanCommand> Commands() =>
    [
        new("cpus", [], "", "show infos for each CPU", (_, o) => Cpus(o)),
        new("kvm", [], "", "show KVM information", (_, o) => o.Line("kvm support: not compiled")),
        new("migrate", [], "", "show migration status", (_, o) => Migrate(o)),
        new("migrate_capabilities", [], "", "show current migration capabilities", (_, o) => Capabilities(o)),
        new("migrate_parameters", [], "", "show current migration parameters", (_, o) => Parameters(o)),
        new("mtree", [new("f", HumanArgumentKind.Flag)], "[-f]", "show memory tree (-f: dump flat view for address spaces)", Tree),
        new("name", [], "", "show the current VM name", (_, o) => Name(o)),
        new("ramblock", [], "", "Display system ramblock information", (_, o) => o.Block(RamBlockPrinter.Print(machine.Memory.Ram))),
        new("registers", [new("a", HumanArgumentKind.Flag), new("vcpu", HumanArgumentKind.Number, true)], "[-a|vcpu]",
            "show the cpu registers (-a: show register info for all cpus; vcpu: specific vCPU to query)", Registers),
        new("status", [], "", "show the current VM status (running|paused)", (_, o) => Status(o)),
        new("uuid", [], "", "show the current VM UUID", (_, o) => o.Line((machine.Uuid ?? Guid.Empty).ToString("D"))),
        new("version", [], "", "show the version of QEMU", (_, o) => o.Line(MonitorVersion.Presented.ToString())),
    ];

    private void Cpus(HumanOutput output)
    {
        for (int i = 0; i < machine.Cpus.Count; i++)
            output.Line($"{(i == 0 ? '*' : ' ')} CPU #{i}: thread_id={machine.Cpus[i].ThreadId}");
    }

    private void Name(HumanOutput output)
    {
        if (machine.Name is { } name)
            output.Line(name);
    }

    private void Status(HumanOutput output)
    {
        RunState state = machine.RunState;
        output.Line(state switch
        {
            RunState.Running => "VM status: running",
            RunState.Paused => "VM status: paused",
            _ => $"VM status: paused ({state.ToQapiName()})",
        });
    }

    private void Tree(HumanArguments arguments, HumanOutput output)
    {
        if (arguments.Has("f"))
        {
            output.Block(MemoryTreePrinter.PrintFlatViews(machine.Memory));
            return;
        }

        using (machine.BigLock.Enter())
            output.Block(MemoryTreePrinter.PrintTree(machine.Memory));
    }

    private void Registers(HumanArguments arguments, HumanOutput output)
    {
        IEnumerable<IVirtualCpu> cpus = machine.Cpus;
        if (!arguments.Has("a"))
        {
            long index = arguments.Has("vcpu") ? arguments.Number("vcpu") : 0;
            if (index < 0 || index >= machine.Cpus.Count)
            {
                output.Line($"CPU#{index} not available");
                return;
            }

            cpus = [machine.Cpus[(int)index]];
        }

        foreach ((int index, string text) in machine.WithCpusHeld(() => cpus.Select(c => (c.Index, c.DumpRegisters())).ToArray()))
        {
            output.Block(string.Create(CultureInfo.InvariantCulture, $"\nCPU#{index}\n"));
            output.Block(text);
        }
    }

    private void Capabilities(HumanOutput output)
    {
        MigrationCapabilities on = machine.Settings.Capabilities;
        foreach (MigrationCapabilityInfo info in MigrationCapabilityTable.All)
            output.Line($"{info.Name}: {(on[info.Capability] ? "on" : "off")}");
    }

    private void Parameters(HumanOutput output)
    {
        MigrationParameters parameters = machine.Settings.Parameters;
        foreach (MigrationParameterInfo info in MigrationParameterTable.All)
        {
            if (info.HumanSuffix is not { } suffix)
                continue;
            MigrationParameterValue value = parameters[info.Parameter];
            output.Line(info.Kind == MigrationParameterKind.Text ? $"{info.Name}: '{value}'" : $"{info.Name}: {value}{suffix}");
        }
    }

    private void Migrate(HumanOutput output)
    {
        output.Line("globals:");
        output.Line("store-global-state: on");
        output.Line("only-migratable: off");
        output.Line("send-configuration: on");
        output.Line("send-section-footer: on");
        output.Line("send-switchover-start: on");
        output.Line("clear-bitmap-shift: 18");
        IReadOnlyList<string> blockers = machine.Registry.Blockers;
        if (blockers.Count > 0)
        {
            output.Line("Outgoing migration blocked:");
            foreach (string blocker in blockers)
                output.Line($"  {blocker}");
        }

        if (machine.Outgoing.Status != MigrationStatus.None)
            Source(output);
        else if (machine.Incoming.Status != MigrationStatus.None)
            Destination(output);
    }

    private void Destination(HumanOutput output)
    {
        IncomingMigration incoming = machine.Incoming;
        StatusLine(output, incoming.Status, incoming.ErrorDescription);
        output.Line("total time: 0 ms");
        IReadOnlyList<MigrationAddress> addresses = incoming.ListenAddresses;
        if (addresses.Count == 0)
            return;
        output.Line("socket address: [");
        foreach (MigrationAddress address in addresses)
            output.Line($"\t{address.ToUri()}");
        output.Line("]");
    }

    private void Source(HumanOutput output)
    {
        OutgoingMigration outgoing = machine.Outgoing;
        MigrationStatus status = outgoing.Status;
        StatusLine(output, status, outgoing.ErrorDescription);
        bool hasNumbers = status is not (MigrationStatus.Setup or MigrationStatus.Failed or MigrationStatus.Cancelled);
        MigrationStatistics s = outgoing.Statistics;
        output.Line($"total time: {(hasNumbers ? s.TotalMilliseconds : 0)} ms");
        if (!hasNumbers)
            return;
        if (status == MigrationStatus.Completed || status.IsPostcopy())
            output.Line($"downtime: {s.DowntimeMilliseconds} ms");
        else
            output.Line($"expected downtime: {s.ExpectedDowntimeMilliseconds} ms");
        output.Line($"setup: {s.SetupMilliseconds} ms");
        output.Line($"transferred ram: {s.TransferredBytes >> 10} kbytes");
        output.Line($"throughput: {s.MegabitsPerSecond:0.00} mbps");
        output.Line($"remaining ram: {s.RemainingBytes >> 10} kbytes");
        output.Line($"total ram: {s.TotalBytes >> 10} kbytes");
        output.Line($"duplicate: {s.ZeroPages} pages");
        output.Line($"normal: {s.NormalPages} pages");
        output.Line($"normal bytes: {s.NormalBytes >> 10} kbytes");
        output.Line($"dirty sync count: {s.DirtySyncCount}");
        output.Line($"page size: {MigrationStatistics.PageSizeBytes >> 10} kbytes");
        output.Line($"multifd bytes: {s.MultifdBytes >> 10} kbytes");
        output.Line($"pages-per-second: {s.PagesPerSecond}");
        Optional(output, "dirty pages rate", s.DirtyPagesPerSecond, " pages");
        Optional(output, "postcopy request count", s.PostcopyRequests, "");
        OptionalKilobytes(output, "precopy ram", s.PrecopyBytes);
        OptionalKilobytes(output, "downtime ram", s.DowntimeBytes);
        OptionalKilobytes(output, "postcopy ram", s.PostcopyBytes);
        Optional(output, "Zero-copy-send fallbacks happened", s.DirtySyncMissedZeroCopy, " times");
        if (machine.Settings.Capabilities.Xbzrle)
            Xbzrle(output);
        Optional(output, "cpu throttle percentage", machine.CpuThrottlePercentage, "");
        if (machine.DirtyLimits.Count > 0)
        {
            output.Line($"dirty-limit throttle time: {(long)machine.LongestDirtyLimitRest.TotalMicroseconds} us");
            output.Line($"dirty-limit ring full time: {(long)machine.DirtyRingFullTime.TotalMicroseconds} us");
        }
    }

    private void Xbzrle(HumanOutput output)
    {
        XbzrleStatistics x = machine.XbzrleStatistics;
        output.Line($"cache size: {machine.Settings.Parameters.XbzrleCacheSizeBytes} bytes");
        output.Line($"xbzrle transferred: {x.Bytes >> 10} kbytes");
        output.Line($"xbzrle pages: {x.Pages} pages");
        output.Line($"xbzrle cache miss: {x.CacheMisses} pages");
        output.Line($"xbzrle cache miss rate: {x.CacheMissRate:0.00}");
        output.Line($"xbzrle encoding rate: {x.EncodingRate:0.00}");
        output.Line($"xbzrle overflow: {x.Overflows}");
    }

    private static void StatusLine(HumanOutput output, MigrationStatus status, string? error)
    {
        string detail = status == MigrationStatus.Failed && error is not null ? $" ({error})" : "";
        output.Line($"Migration status: {status.ToQapiName()}{detail}");
    }

    private static void Optional(HumanOutput output, string name, long value, string unit)
    {
        if (value != 0)
            output.Line($"{name}: {value}{unit}");
    }

    private static void OptionalKilobytes(HumanOutput output, string name, long bytes)
    {
        if (bytes != 0)
            output.Line($"{name}: {bytes >> 10} kbytes");
    }
}
