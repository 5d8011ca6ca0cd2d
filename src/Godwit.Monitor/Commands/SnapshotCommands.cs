using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Qmp;
using Godwit.Vmm;
using Godwit.Wire;

namespace Godwit.Monitor;

/// <summary>Snapshots of the whole machine: as jobs, and as commands of the human monitor.</summary>
internal sealed class SnapshotCommands(VirtualMachine machine) : IHumanCommandSet
{
    private const string NoStore = "no block device can store vmstate for snapshot";

    public void AddTo(QmpCommandTable table)
    {
        QmpMember job = new("job-id", QmpType.Text);
        QmpMember tag = new("tag", QmpType.Text);
        QmpMember state = new("vmstate", QmpType.Text);
        QmpMember devices = new("devices", QmpType.List(QmpType.Text));
        Add(table, "snapshot-save", [job, tag, state, devices], a => machine.SaveSnapshot(Store(a), a.GetString("tag"), replaces: false));
        Add(table, "snapshot-load", [job, tag, state, devices], a => machine.LoadSnapshot(Store(a), a.GetString("tag")));
        Add(table, "snapshot-delete", [job, tag, devices], a =>
        {
            foreach (string name in Devices(a))
                machine.SnapshotStores.First(store => store.Name == name).Delete(a.GetString("tag"));
        });
        table.Add(MonitorContext.Command("query-jobs", QueryJobs));
        table.Add(MonitorContext.Command("job-dismiss", [new("id", QmpType.Text)], (a, _) =>
        {
            machine.Jobs.Dismiss(a.GetString("id"));
            return null;
        }));
    }

    public IEnumerable<HumanCommand> HumanCommands() =>
    [
        new("savevm", [new("name", HumanArgumentKind.Word, true)], "tag", "save a VM snapshot. If no tag is provided, a new snapshot is created",
            (a, _) => machine.SaveSnapshot(TheStore(), a.Has("name") ? a.Word("name") : NewTag(), replaces: true)),
        new("loadvm", [new("name", HumanArgumentKind.Word)], "tag", "restore a VM snapshot from its tag",
            (a, _) => machine.LoadSnapshot(TheStore(), a.Word("name"))),
        new("delvm", [new("name", HumanArgumentKind.Word)], "tag", "delete a VM snapshot from its tag", (a, _) => TheStore().Delete(a.Word("name"))),
    ];

    public IEnumerable<HumanCommand> HumanTopics() =>
        [new("snapshots", [], "", "show the currently saved VM snapshots", (_, o) => Print(o))];

    private void Add(QmpCommandTable table, string name, IEnumerable<QmpMember> members, Action<QmpArguments> work) =>
        table.Add(MonitorContext.Command(name, members, (a, _) =>
        {
            machine.Jobs.Start(a.GetString("job-id"), name, () => work(a));
            return null;
        }));

    private SnapshotStore Store(QmpArguments arguments)
    {
        Devices(arguments);
        string name = arguments.GetString("vmstate");
        return machine.SnapshotStores.FirstOrDefault(store => store.Name == name)
            ?? throw new VmRefusedException($"vmstate block device '{name}' does not exist");
    }

    /// <summary>The names that the command gives, each of them a store: what a disk holds cannot be saved.</summary>
    private List<string> Devices(QmpArguments arguments)
    {
        List<string> names = [.. arguments.GetList("devices").Select(static name => name!.GetValue<string>())];
        if (names.Count == 0)
            throw new VmRefusedException("At least one device is required for snapshot");
        foreach (string name in names)
        {
            if (machine.WritableDisks.Contains(name, StringComparer.Ordinal))
                throw Writable(name);
            if (!machine.SnapshotStores.Any(store => store.Name == name))
                throw new VmRefusedException($"No block device node '{name}'");
        }

        return names;
    }

    /// <summary>The store of the human monitor: the first. A disk that the guest can write would not be what it was, so there must be none.</summary>
    private SnapshotStore TheStore()
    {
        if (machine.WritableDisks.FirstOrDefault() is { } disk)
            throw Writable(disk);
        return machine.SnapshotStores.Count > 0 ? machine.SnapshotStores[0] : throw new VmRefusedException(NoStore);
    }

    private JsonArray QueryJobs()
    {
        var reply = new JsonArray();
        foreach (JobInfo job in machine.Jobs.Jobs)
        {
            var entry = new JsonObject
            {
                ["current-progress"] = job.CurrentProgress,
                ["status"] = job.Status,
                ["total-progress"] = job.TotalProgress,
                ["type"] = job.Kind,
                ["id"] = job.Id,
            };
            if (job.Error is not null)
                entry["error"] = job.Error;
            reply.Add((JsonNode)entry);
        }

        return reply;
    }

    private void Print(HumanOutput output)
    {
        if (machine.WritableDisks.Any() || machine.SnapshotStores.Count == 0)
        {
            output.Line(NoStore);
            return;
        }

        IReadOnlyList<SnapshotInfo> snapshots = machine.SnapshotStores[0].List();
        if (snapshots.Count == 0)
        {
            output.Line("There is no snapshot available.");
            return;
        }

        output.Line("List of snapshots present on all disks:");
        output.Line("ID      TAG               VM_SIZE                DATE        VM_CLOCK     ICOUNT");
        foreach (SnapshotInfo snapshot in snapshots)
        {
            TimeSpan clock = snapshot.Clock;
            output.Line(
                $"{"--",-7} {snapshot.Tag,-16} {SizeText.Format(snapshot.SizeBytes, keepsZeros: false),8} {snapshot.SavedAt.LocalDateTime:yyyy-MM-dd HH:mm:ss} "
                + $"{$"{(long)clock.TotalHours:0000}:{clock.Minutes:00}:{clock.Seconds:00}.{clock.Milliseconds:000}",15} {"--",10}");
        }
    }

    private static VmRefusedException Writable(string name) => new($"Device '{name}' is writable but does not support snapshots");

    private static string NewTag() => $"vm-{DateTime.Now.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}";
}
