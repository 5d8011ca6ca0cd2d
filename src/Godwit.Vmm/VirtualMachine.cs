using Godwit.Accel;
using Godwit.Accel.RiscV;
using Godwit.Machine;
using Godwit.Memory;
using Godwit.Migration;
using Godwit.Native;
using Godwit.VmState;

namespace Godwit.Vmm;

/// <summary>One virtual machine: board, CPUs, memory, both sides of migration and the run state, joined.</summary>
/// <remarks>
/// The members may be called from any thread except the CPUs' own. Sections are registered in the order of the wire: clock, RAM, harts,
/// devices, global state. The monitor sits on top; nothing here knows how commands arrive.
/// </remarks>
public sealed partial class VirtualMachine : IDisposable
{
    private readonly VmOptions _options;
    private readonly VirtualClock _clock;
    private readonly VirtMachine _machine;
    private readonly RiscVAccelerator _accelerator;
    private readonly RamSaveVm _ram;
    private readonly RunStateMachine _runState;
    private readonly VmEventLoop _loop;
    private readonly TaskCompletionSource<VmExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _disposed;

    /// <summary>Builds the machine; nothing runs until <see cref="Start"/>.</summary>
    /// <param name="options">What it is made of.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="BootException">Firmware, kernel or RAM disk cannot be read or do not fit.</exception>
    /// <exception cref="VmRefusedException">A migration global is unknown or does not fit, or there is no memory for the guest.</exception>
    public VirtualMachine(VmOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        Settings = new MigrationSettings
        {
            // Asked before the harts exist, too: they count what they dirty.
            Environment = () => new MigrationEnvironment(Incoming?.IsListenerStarted ?? false, HasDirtyRing: true),
        };
        MigrationGlobals.Apply(Settings, options.MigrationGlobals);
        _runState = new RunStateMachine(options.IsIncoming ? RunState.InMigrate : RunState.Prelaunch);
        _startsAutomatically = !options.StartsStopped;
        Memory = new MemorySystem();
        _clock = new VirtualClock(Memory.BigLock);
        try
        {
            _machine = new VirtMachine(BoardOptions(options), Memory, _clock);
        }
        catch (ErrnoException e)
        {
            throw new VmRefusedException($"guest memory cannot be had: {e.Message}", e);
        }

        _accelerator = new RiscVAccelerator(
            Memory,
            _machine.AddressSpace,
            new RiscVCpuOptions { HartCount = options.HartCount, ResetVector = VirtMachine.ResetVector, ReadTime = _machine.ReadTime });
        DirtyRate = new DirtyRateMeter(Memory, _accelerator, options.Logger);
        _dirtyLimiter = CreateDirtyLimiter();
        _machine.ConnectHarts(_accelerator.Cpus);
        _accelerator.IsTimerArmed = IsTimerArmed;
        ConnectBalloon();
        _machine.PowerOff += OnPowerOff;
        _machine.ResetRequested += OnResetRequested;
        _machine.DiskFailed += OnDiskFailed;
        Outgoing = new OutgoingMigration(
            this, Settings, this, new OutgoingMigrationOptions { Profile = options.Profile, Logger = options.Logger });
        Incoming = new IncomingMigration(
            this, Settings, this, new IncomingMigrationOptions { Profile = options.Profile, Logger = options.Logger })
        { Ended = OnIncomingEnded };
        _ram = new RamSaveVm(Memory, Outgoing, Incoming);
        RegisterState();
        if (options.Staircase is not null)
            _machine.LoadStaircase(options.Staircase);
        else if (options.Boot is not null)
            _machine.LoadBoot(options.Boot);
        using (Memory.BigLock.Enter())
            Memory.IsVmRunning = false;
        ResetHardware();
        if (options.PreallocatesMemory)
            Preallocate();
        Jobs = new JobList(e => EventSink?.Invoke(e));
        _loop = new VmEventLoop("vm-main-loop", OnWorkFailed);
    }

    /// <summary>What the machine is made of.</summary>
    internal VmOptions Options => _options;

    /// <summary>Name of the machine type.</summary>
    public string MachineName => VirtMachine.Name;

    /// <summary>Name for people; null when none was given.</summary>
    public string? Name => _options.Name;

    /// <inheritdoc/>
    public Guid? Uuid => _options.Uuid;

    /// <inheritdoc/>
    public PeerProfile? Origin => Incoming.SourceProfile;

    /// <summary>Guest memory.</summary>
    public MemorySystem Memory { get; }

    /// <summary>What harts and devices see.</summary>
    public AddressSpace AddressSpace => _machine.AddressSpace;

    /// <summary>Bytes of guest RAM.</summary>
    public ulong RamBytes => _options.RamBytes;

    /// <summary>The virtual CPUs, by index. Registers may be read only while the machine stands still, or inside <see cref="WithCpusHeld"/>.</summary>
    public IReadOnlyList<IVirtualCpu> Cpus => _accelerator.Cpus;

    /// <summary>Capabilities and parameters of migrations.</summary>
    public MigrationSettings Settings { get; }

    /// <summary>The source side.</summary>
    public OutgoingMigration Outgoing { get; }

    /// <summary>The destination side.</summary>
    public IncomingMigration Incoming { get; }

    /// <summary>What the page cache of the last outgoing migration did.</summary>
    public XbzrleStatistics XbzrleStatistics => _ram.XbzrleStatistics;

    /// <summary>Told of everything that monitors report, in order; called on any thread, must not block.</summary>
    public Action<VmEvent>? EventSink { get; set; }

    /// <summary>Completes when the machine has ended: power-off, <c>quit</c>, or an incoming migration that failed.</summary>
    public Task<VmExit> Ended => _ended.Task;

    /// <summary>Runs something while no CPU is in guest code, without changing the run state and without an event.</summary>
    /// <param name="action">What to run; short.</param>
    public T WithCpusHeld<T>(Func<T> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        lock (_run)
        {
            bool wasRunning = _accelerator.IsRunning;
            _accelerator.Stop();
            try
            {
                return action();
            }
            finally
            {
                if (wasRunning)
                    _accelerator.Start();
            }
        }
    }

    /// <summary>The device tree that the guest gets at its next reset.</summary>
    public byte[] BuildDeviceTree() => _machine.BuildDeviceTree();

    /// <summary>Checks the memory of a staircase guest while it stands still.</summary>
    public StaircaseReport CheckStaircase() => WithCpusHeld(_machine.CheckStaircase);

    /// <summary>Ends everything: migrations, CPUs, threads, memory.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        Outgoing.Dispose();
        Incoming.Dispose();
        Jobs.Dispose();
        DirtyRate.Dispose();
        _dirtyLimiter?.Dispose();
        lock (_run)
            HaltCpus();
        _loop.Dispose();
        _balloonEvents?.Dispose();
        _accelerator.Dispose();
        _clock.Dispose();
        _machine.Dispose();
        _ram.Dispose();
        _options.Serial?.Dispose();
        Memory.Dispose();
        _ended.TrySetResult(new VmExit(0));
    }

    private void RegisterState()
    {
        ClockState.Register(Registry, _clock);
        Registry.RegisterHandlers(RamSaveVm.IdString, 4, _ram);

        // Dirty bitmaps of disks: peers count them among their sections, so that numbers are the same with this gap.
        Registry.SkipSectionId();
        foreach (Hart hart in _accelerator.Harts)
            hart.RegisterState(Registry);
        _machine.RegisterDevices(Registry);
        GlobalState.Register(Registry);
    }

    private void ResetHardware()
    {
        // The harts first: the board then raises the lines that are up after a reset, such as the timer's.
        foreach (Hart hart in _accelerator.Harts)
            hart.Reset();
        using (Memory.BigLock.Enter())
            _machine.Reset(writesMemory: RunState != RunState.InMigrate);
        foreach ((int hart, ulong address) in _machine.StartAddresses)
            _accelerator.Harts[hart].ProgramCounter = address;
    }

    private static VirtMachineOptions BoardOptions(VmOptions options)
    {
        var board = new VirtMachineOptions
        {
            RamBytes = options.RamBytes,
            HartCount = options.HartCount,
            Uuid = options.Uuid ?? Guid.Empty,
            Profile = options.Profile,
            Serial = options.Serial,
            CommandLine = options.CommandLine,
            VirtioDevices = options.VirtioDevices,
            IsVirtioLegacy = !options.HasModernVirtio,
        };
        return options.MemoryBackend is { } backend
            ? board with { RamName = backend.Id, RamBlock = new RamBlockOptions { FilePath = backend.FilePath, IsShared = backend.IsShared } }
            : board;
    }

    private void Preallocate()
    {
        HostMapping ram = _machine.RamBlock.Mapping;
        if (!ram.Advise(HostAdvice.PopulateWrite, 0, ram.LengthBytes))
            throw new VmRefusedException($"{ram.LengthBytes >> 20} MiB of guest RAM cannot be touched beforehand: the host has too little memory, or too old a kernel");
    }

    private void Emit(string name, System.Text.Json.Nodes.JsonObject? data = null) => EventSink?.Invoke(new VmEvent(name, data));
}
