using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Migration.Tests.Control;

/// <summary>A virtual machine without a guest: a run state, a small registry and a list of what happened, in order.</summary>
internal sealed class FakeHost : IMigrationHost, IMigrationEvents, IDisposable
{
    private readonly MemorySystem _memory = new();
    private readonly List<string> _log = [];
    private RunState _runState;

    public FakeHost(RunState runState, FakeRam? ram = null, bool withFakeRam = true, ulong pages = 64)
    {
        _runState = runState;
        FakeRam = ram ?? new FakeRam();
        using (BigLock.Enter())
        {
            var root = MemoryRegion.CreateContainer(_memory, "root", (Int128)1 << 64);
            Space = _memory.CreateAddressSpace("memory", root);
            var ramRegion = MemoryRegion.CreateRam(_memory, "fake.ram", pages * 4096);
            root.AddSubregion(ramRegion, 0);
            Block = ramRegion.RamBlock!;
        }

        if (withFakeRam)
            Registry.RegisterHandlers("ram", 4, FakeRam);
        Registry.Register(FakeDevice.Description, Device);
        GlobalState.Register(Registry);
    }

    public FakeRam FakeRam { get; }

    public FakeDevice Device { get; } = new();

    public MemorySystem Memory => _memory;

    public AddressSpace Space { get; }

    public RamBlock Block { get; }

    /// <summary>Called before the guest has to stop.</summary>
    public Action? Preparing { get; set; }

    /// <summary>Called when the guest has to stop.</summary>
    public Action? Stopping { get; set; }

    /// <summary>Called when the guest goes on after a migration.</summary>
    public Action? Resuming { get; set; }

    public IWriteProtection? WriteProtection { get; set; }

    public BigLock BigLock => _memory.BigLock;

    public RamList Ram => _memory.Ram;

    public VmStateRegistry Registry { get; } = new();

    public GlobalState GlobalState { get; } = new();

    public string MachineName { get; set; } = "virt";

    public Guid? Uuid { get; set; }

    public bool StartsAutomatically { get; set; } = true;

    public Exception? StartFailure { get; set; }

    public RunState RunState
    {
        get
        {
            lock (_log)
                return _runState;
        }
    }

    public bool IsRunning => RunState == RunState.Running;

    /// <summary>States as M:name, passes as P:n, STOP and RESUME.</summary>
    public string Events
    {
        get
        {
            lock (_log)
                return string.Join(' ', _log);
        }
    }

    public void PrepareToStop() => Preparing?.Invoke();

    public RunState StopForMigration()
    {
        Stopping?.Invoke();
        lock (_log)
        {
            var before = _runState;
            if (before == RunState.Running)
                _log.Add("STOP");
            _runState = RunState.FinishMigrate;
            return before;
        }
    }

    public void ResumeAfterMigration(RunState before)
    {
        Resuming?.Invoke();
        lock (_log)
        {
            _runState = before;
            if (before == RunState.Running)
                _log.Add("RESUME");
        }
    }

    public void SetRunState(RunState state)
    {
        lock (_log)
            _runState = state;
    }

    public void StartGuest()
    {
        if (StartFailure is not null)
            throw StartFailure;
        lock (_log)
        {
            _runState = RunState.Running;
            _log.Add("RESUME");
        }
    }

    public void StateChanged(MigrationStatus status)
    {
        lock (_log)
            _log.Add("M:" + status.ToQapiName());
    }

    public void Pass(long pass)
    {
        lock (_log)
            _log.Add("P:" + pass.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    public void Dispose() => _memory.Dispose();
}
