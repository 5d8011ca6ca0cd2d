using Godwit.Migration;
using Godwit.Qmp;
using Godwit.Vmm;
using Godwit.Wire;

namespace Godwit.Monitor;

/// <summary>Runs lines of the human monitor; the texts are QEMU 10.0's (<c>docs/formats/hmp.md</c>).</summary>
internal sealed class HumanMonitor
{
    private readonly IReadOnlyList<HumanCommand> _commands;
    private readonly IReadOnlyList<HumanCommand> _infos;

    public HumanMonitor(MonitorContext context, MigrationCommands migration, params IReadOnlyList<IHumanCommandSet> others)
    {
        _infos = [.. new HumanInfo(context.Machine).Commands(), .. others.SelectMany(set => set.HumanTopics())];
        _commands = [.. Commands(context, migration), .. others.SelectMany(set => set.HumanCommands())];
    }

    /// <summary>Runs one line.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="output">Where it prints; its text lines end in CR LF.</param>
    public void Run(string line, HumanOutput output)
    {
        var parser = new HumanLineParser(line);
        string word = parser.TakeWord();
        if (word.Length == 0)
            return;
        HumanCommand? command = Find(_commands, word);
        string called = word;
        if (command is { Name: "info" } && !parser.IsAtEnd)
        {
            string topic = parser.TakeWord();
            called = $"info {topic}";
            command = Find(_infos, topic);
        }

        if (command is null)
        {
            output.Line($"unknown command: '{called}'");
            return;
        }

        try
        {
            command.Handler(parser.Parse(command), output);
        }
        catch (HumanUsageException e)
        {
            output.Line(e.Message);
            output.Line($"Try \"help {called}\" for more information");
        }
        catch (Exception e) when (e is QmpException or MigrationRefusedException or VmRefusedException or MigrationException)
        {
            output.Line($"Error: {e.Message}");
        }
    }

    private static HumanCommand? Find(IReadOnlyList<HumanCommand> commands, string word)
    {
        foreach (HumanCommand command in commands)
        {
            if (command.IsCalled(word))
                return command;
        }

        return null;
    }

    private IReadOnlyList<HumanCommand> Commands(MonitorContext context, MigrationCommands migration)
    {
        VirtualMachine machine = context.Machine;
        HumanArgument uri = new("uri", HumanArgumentKind.Word);
        return
        [
            new("help|?", [new("name", HumanArgumentKind.Word, true), new("topic", HumanArgumentKind.Word, true)], "[cmd]", "show the help", Help),
            new("info", [], "[subcommand]", "show various information about the system state", (_, o) => HelpOnInfo(o)),
            new("quit|q", [], "", "quit the emulator", (_, _) => machine.Quit("host-qmp-quit")),
            new("stop|s", [], "", "stop emulation", (_, _) => machine.Stop()),
            new("cont|c", [], "", "resume emulation", (_, _) => machine.Continue()),
            new("system_reset", [], "", "reset the system", (_, _) => machine.Reset()),
            new("system_powerdown", [], "", "send system power down event", (_, _) => machine.PowerDown()),
            new("xp", [new("format", HumanArgumentKind.Format), new("addr", HumanArgumentKind.Number)], "/fmt addr",
                "physical memory dump starting at 'addr'",
                (a, o) => a.Format("format").Print(machine.AddressSpace, unchecked((ulong)a.Number("addr")), o)),
            new("pmemsave",
                [new("addr", HumanArgumentKind.Number), new("size", HumanArgumentKind.Number), new("file", HumanArgumentKind.Word)],
                "addr size file", "save to disk physical memory dump starting at 'addr' of size 'size'",
                (a, _) => PhysicalMemory.Save(machine.AddressSpace, unchecked((ulong)a.Number("addr")), unchecked((ulong)a.Number("size")), a.Word("file"))),
            new("migrate", [new("d", HumanArgumentKind.Flag), new("r", HumanArgumentKind.Flag), uri], "[-d] [-r] uri",
                "migrate to URI (using -d to not wait for completion)\n\t\t\t -r to resume a paused postcopy migration",
                (a, o) => Migrate(machine, migration, a, o)),
            new("migrate_incoming", [uri], "uri", "Continue an incoming migration from an -incoming defer",
                (a, o) => migration.Listen(a.Word("uri"), exitOnError: true, o.Files)),
            new("migrate_cancel", [], "", "cancel the current VM migration", (_, _) => migration.Cancel()),
            new("migrate_continue", [new("state", HumanArgumentKind.Word)], "state", "Continue migration from the given paused state",
                (a, _) => Continue(migration, a.Word("state"))),
            new("migrate_start_postcopy", [], "", "Followup to a migration command to switch the migration to postcopy mode.",
                (_, _) => migration.StartPostcopy()),
            new("migrate_pause", [], "", "Pause an ongoing migration (postcopy-only)", (_, _) => MigrationCommands.Pause()),
            new("migrate_recover", [uri], "uri", "Continue a paused incoming postcopy migration", (_, _) => MigrationCommands.Recover()),
            new("migrate_set_capability", [new("capability", HumanArgumentKind.Word), new("state", HumanArgumentKind.Switch)],
                "capability state", "Enable/Disable the usage of a capability for migration",
                (a, _) => SetCapability(machine, a.Word("capability"), a.Switch("state"))),
            new("migrate_set_parameter", [new("parameter", HumanArgumentKind.Word), new("value", HumanArgumentKind.Word)],
                "parameter value", "Set the parameter for migration", (a, _) => SetParameter(machine, a.Word("parameter"), a.Word("value"))),
        ];
    }

    private void Help(HumanArguments arguments, HumanOutput output)
    {
        if (!arguments.Has("name"))
        {
            foreach (HumanCommand command in _commands)
                output.Block(command.HelpLine + "\n");
            return;
        }

        string name = arguments.Word("name");
        if (name == "info")
        {
            if (!arguments.Has("topic"))
                HelpOnInfo(output);
            else if (Find(_infos, arguments.Word("topic")) is { } info)
                output.Block($"info {info.HelpLine}\n");
            else
                output.Line($"unknown command: 'info {arguments.Word("topic")}'");
        }
        else if (Find(_commands, name) is { } command)
            output.Block(command.HelpLine + "\n");
        else
            output.Line($"unknown command: '{name}'");
    }

    private void HelpOnInfo(HumanOutput output)
    {
        foreach (HumanCommand info in _infos)
            output.Block($"info {info.HelpLine}\n");
    }

    private static void Migrate(VirtualMachine machine, MigrationCommands migration, HumanArguments arguments, HumanOutput output)
    {
        migration.Start(arguments.Word("uri"), arguments.Has("r"), output.Files);
        if (arguments.Has("d"))
            return;
        if (!output.CanWait)
        {
            output.Line("terminal does not allow synchronous migration, continuing detached");
            return;
        }

        output.Continuation = async cancellationToken =>
        {
            while (machine.Outgoing.Status is MigrationStatus.None or MigrationStatus.Setup or MigrationStatus.Active)
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        };
    }

    private static void Continue(MigrationCommands migration, string state)
    {
        if (!MigrationStatusNames.TryParse(state, out _))
            throw new QmpException($"invalid parameter value: {state}");
        migration.Continue(state);
    }

    private static void SetCapability(VirtualMachine machine, string name, bool on)
    {
        if (!MigrationCapabilityTable.TryParse(name, out _))
            throw new QmpException($"invalid parameter value: {name}");
        machine.Settings.SetCapabilities([KeyValuePair.Create(name, on)]);
    }

    private static void SetParameter(VirtualMachine machine, string name, string value)
    {
        MigrationParameterInfo info = MigrationParameterTable.Find(name) ?? throw new QmpException($"invalid parameter value: {name}");
        if (info.Kind == MigrationParameterKind.List)
            throw new QmpException($"The {name} parameter can only be set through QMP");

        // Sizes take suffixes; the narrow integers are read as the control plane reads them.
        MigrationParameterValue parsed = info.Kind is MigrationParameterKind.Octet or MigrationParameterKind.Word
            ? long.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out long number)
                ? MigrationParameterValue.FromInteger(number)
                : throw new QmpException($"Parameter '{name}' expects uint64")
            : MigrationParameterText.Parse(info, value, info.HumanMebibytes ? 1UL << 20 : 1);
        machine.Settings.SetParameters([KeyValuePair.Create(name, parsed)]);
    }
}
