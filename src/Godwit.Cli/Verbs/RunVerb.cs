using System.CommandLine;
using System.Globalization;
using Godwit.Machine;
using Godwit.Migration;
using Godwit.Monitor;
using Godwit.Qmp;
using Godwit.Vmm;
using Godwit.Wire;

namespace Godwit.Cli;

/// <summary><c>godwit run</c>: one virtual machine in the foreground, with QEMU's spelling of options.</summary>
internal sealed class RunVerb : IVerb
{
    public RunVerb(ICommandHost host)
    {
        Command = new Command("run", "run a virtual machine in the foreground; options are spelled as QEMU spells them (-m, -smp, -qmp, -incoming, …)")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        var options = new Argument<string[]>("OPTIONS") { Arity = ArgumentArity.ZeroOrMore };
        Command.Arguments.Add(options);
        Command.SetAction((parsed, interrupt) => RunAsync(host, [.. parsed.GetValue(options) ?? [], .. parsed.UnmatchedTokens], interrupt));
    }

    public Command Command { get; }

    public string Example =>
        "godwit run -M virt,acpi=off -m 256M -guest staircase -serial stdio -qmp unix:/tmp/vm1.sock,server=on,wait=off";

    public string OwnHelp => RunHelp.Text;

    /// <summary>Runs a machine until it ends; the result is the status of the process.</summary>
    public static async Task<int> RunAsync(ICommandHost host, IReadOnlyList<string> arguments, CancellationToken interrupt)
    {
        RunOptions options = RunOptionParser.Parse(arguments);
        using var devices = new RunDevices(host, options);
        using VirtualMachine machine = Build(host, options, devices);
        if (options.DumpDeviceTree is { } file)
            return Dump(machine, file);
        await using var monitor = new VmMonitor(machine);
        string? pidFile = options.PidFile;
        WritePidFile(pidFile);
        try
        {
            await OpenMonitorsAsync(monitor, options, interrupt);
            Begin(machine, monitor, options);
            using var rehearsal = MigrationRehearsal.Begin(machine);
            await using CancellationTokenRegistration onSignal = interrupt.Register(() => machine.Quit("host-signal"));
            VmExit exit = await machine.Ended;

            // The last states of a migration that was cancelled by the end still reach the clients.
            machine.Outgoing.WaitForEnd(TimeSpan.FromSeconds(2));
            if (exit.Reason is not null)
                host.Error.WriteLine($"godwit: run: {exit.Reason}");
            return exit.ExitCode;
        }
        finally
        {
            if (pidFile is not null)
                File.Delete(pidFile);
        }
    }

    private static VirtualMachine Build(ICommandHost host, RunOptions options, RunDevices devices)
    {
        try
        {
            return new VirtualMachine(new VmOptions
            {
                RamBytes = options.RamBytes,
                HartCount = options.HartCount,
                Name = options.Name,
                Uuid = options.Uuid,
                IsIncoming = options.Incoming is not null,
                StartsStopped = options.StartStopped,
                EndsOnReset = options.NoReboot,
                PreallocatesMemory = options.PreallocateMemory,
                MemoryBackend = options.MemoryBackend,
                MigrationGlobals = options.MigrationGlobals,
                Serial = RunDevices.OpenCharacterDevice(host, "-serial", options.Serial!),
                VirtioDevices = devices.Open(),
                SnapshotStores = [.. options.SnapshotStores.Select(static store => new SnapshotStore(store.Key, store.Value))],
                HasModernVirtio = options.HasModernVirtio,
                Boot = Boot(options),
                CommandLine = options.KernelCommandLine,
                Staircase = options.Staircase is { } guest
                    ? new StaircaseOptions
                    {
                        RamBytes = options.RamBytes,
                        PagesPerSecond = guest.PagesPerSecond,
                        WorkingSetPages = guest.WorkingSetPages,
                        ReportRounds = guest.ReportRounds,
                    }
                    : null,
            });
        }
        catch (Exception e) when (e is VmRefusedException or ArgumentException or InvalidOperationException)
        {
            throw new CommandException("run", FailureText.Describe(e), exitCode: ExitCode.WrongUsage, inner: e);
        }
        catch (BootException e)
        {
            throw new CommandException("run", e.Message, inner: e);
        }
    }

    private static BootOptions? Boot(RunOptions options)
    {
        if (options.Staircase is not null || (options.Bios is null && options.Kernel is null && options.Loaders.Count == 0))
            return null;
        string? firmware = options.Bios switch
        {
            null when options.Kernel is null => null,
            null or "default" => OpenSbi.Find() ?? throw new CommandException("-bios default", "no OpenSBI firmware found; install package opensbi (or qemu-system-data), name a file, or use -bios none"),
            "none" => null,
            var file => file,
        };
        return new BootOptions
        {
            FirmwarePath = firmware,
            KernelPath = options.Kernel,
            InitrdPath = options.Initrd,
            DeviceTreePath = options.DeviceTree,
            Loaders = options.Loaders,
        };
    }

    /// <summary><c>-machine dumpdtb=FILE</c>: the device tree is all that is asked for.</summary>
    private static int Dump(VirtualMachine machine, string file)
    {
        try
        {
            File.WriteAllBytes(file, machine.BuildDeviceTree());
            return ExitCode.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"-machine dumpdtb={file}", FailureText.Describe(e, file), inner: e);
        }
    }

    private static async Task OpenMonitorsAsync(VmMonitor monitor, RunOptions options, CancellationToken interrupt)
    {
        try
        {
            foreach (QmpEndpoint endpoint in options.QmpMonitors)
                await monitor.AddQmpAsync(endpoint, interrupt);
            foreach (QmpEndpoint endpoint in options.HumanMonitors)
                await monitor.AddHumanAsync(endpoint, interrupt);
        }
        catch (QmpConnectionException e)
        {
            throw new CommandException("monitor", e.Message, inner: e);
        }
    }

    private static void Begin(VirtualMachine machine, VmMonitor monitor, RunOptions options)
    {
        if (options.Incoming is null or "defer")
        {
            LoadSnapshot(machine, options.LoadSnapshot);
            machine.Start();
            return;
        }

        try
        {
            machine.Incoming.Listen(
                MigrationAddress.ParseUri(options.Incoming), exitOnError: true, new MonitorFdResolver(files: null, monitor.FdSets));
        }
        catch (Exception e) when (e is MigrationException or MigrationRefusedException)
        {
            throw new CommandException($"-incoming {options.Incoming}", e.Message, inner: e);
        }
    }

    private static void LoadSnapshot(VirtualMachine machine, string? tag)
    {
        if (tag is null)
            return;
        try
        {
            if (machine.SnapshotStores.Count == 0)
                throw new VmRefusedException("there is no -drive with format=snapshots");
            machine.LoadSnapshot(machine.SnapshotStores[0], tag);
        }
        catch (Exception e) when (e is MigrationException or VmRefusedException)
        {
            throw new CommandException($"-loadvm {tag}", e.Message, inner: e);
        }
    }

    private static void WritePidFile(string? path)
    {
        if (path is null)
            return;
        try
        {
            File.WriteAllText(path, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"-pidfile {path}", FailureText.Describe(e, path), inner: e);
        }
    }
}
