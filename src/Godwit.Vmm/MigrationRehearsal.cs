using Godwit.Machine;
using Godwit.Migration;

namespace Godwit.Vmm;

/// <summary>
/// Migrates small machines to others inside this process, once in each way that pages can take, so that no guest has to stand still while
/// the runtime compiles the code of its hand-over, and none has to wait for the CPU's code on arrival.
/// </summary>
/// <remarks>
/// The small machines have the devices of the one that is rehearsed for, with nothing behind them; that machine itself is not touched. It takes about
/// 0.7 s of one CPU, in the background; a rehearsal that fails changes nothing but that. <c>docs/migration-states.md</c>, "Rehearsal"
/// </remarks>
public sealed class MigrationRehearsal : IDisposable
{
    private const ulong RamBytes = 4 << 20;

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    private readonly VmOptions _options;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<Exception?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;

    private MigrationRehearsal(VmOptions options)
    {
        _options = options;
        _thread = new Thread(Run) { IsBackground = true, Name = "migration rehearsal" };
        _thread.Start();
    }

    /// <summary>Completes when the rehearsal is over, with the reason when it failed; never faults.</summary>
    public Task<Exception?> Ended => _ended.Task;

    /// <summary>Begins a rehearsal in the background.</summary>
    /// <param name="machine">The machine to rehearse for; only its description is looked at.</param>
    public static MigrationRehearsal Begin(VirtualMachine machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return new MigrationRehearsal(machine.Options);
    }

    /// <summary>Breaks off what still goes on, and waits for its end.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        if (Thread.CurrentThread != _thread)
            _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        try
        {
            Rehearse();
            _ended.TrySetResult(null);
        }
        catch (Exception e)
        {
            _ended.TrySetResult(e);
        }
    }

    private void Rehearse()
    {
        Rehearse(static () => new RehearsalSockets(pairs: 1), "return-path");
        Rehearse(static () => new RehearsalSockets(pairs: 3), "return-path", "multifd"); // two data channels, as by default
        Rehearse(static () => new RehearsalFile(), "mapped-ram", "multifd");
    }

    /// <summary>Migrates one machine to another one.</summary>
    /// <param name="makeLink">Makes what lies between them.</param>
    /// <param name="capabilities">What both switch on.</param>
    private void Rehearse(Func<RehearsalLink> makeLink, params string[] capabilities)
    {
        _stop.Token.ThrowIfCancellationRequested();
        using RehearsalLink link = makeLink();
        using var sourceConsole = new RehearsalConsole();
        using var targetConsole = new RehearsalConsole();
        using var target = new VirtualMachine(Twin(targetConsole, isIncoming: true));
        using var source = new VirtualMachine(Twin(sourceConsole, isIncoming: false));
        source.EventSink = target.EventSink = static _ => { };
        foreach (VirtualMachine machine in (VirtualMachine[])[source, target])
            machine.Settings.SetCapabilities(capabilities.Select(static name => KeyValuePair.Create(name, true)));

        using CancellationTokenRegistration onStop = _stop.Token.Register(source.Outgoing.Cancel);
        link.Prepare(target.Incoming);
        source.Start();
        sourceConsole.WaitForOutput(_deadline, _stop.Token);
        link.Start(source.Outgoing);
        if (!source.Outgoing.WaitForEnd(_deadline) || source.Outgoing.Status != MigrationStatus.Completed)
            throw new MigrationFailedException(source.Outgoing.ErrorDescription ?? "The rehearsal was broken off");
        link.Finish(target.Incoming);
        targetConsole.WaitForOutput(_deadline, _stop.Token);
    }

    private VmOptions Twin(ICharBackend console, bool isIncoming) => new()
    {
        RamBytes = RamBytes,
        IsIncoming = isIncoming,
        Serial = console,
        Profile = _options.Profile,
        HasModernVirtio = _options.HasModernVirtio,
        VirtioDevices = [.. _options.VirtioDevices.Select(static device => device.Detached()).OfType<VirtioDeviceOptions>()],
        Staircase = new StaircaseOptions { RamBytes = RamBytes, WorkingSetPages = 16, PagesPerSecond = 4000 },
    };

    /// <summary>Notices that the guest has printed something: it runs. Behind it is what most machines have, so that this is rehearsed as well.</summary>
    private sealed class RehearsalConsole : ICharBackend
    {
        private readonly ManualResetEventSlim _hasOutput = new();

        private readonly StreamCharBackend _backend = new(output: null, input: null);

        public event EventHandler? Changed
        {
            add => _backend.Changed += value;
            remove => _backend.Changed -= value;
        }

        public bool IsWritable => _backend.IsWritable;

        public void WaitForOutput(TimeSpan limit, CancellationToken token)
        {
            if (!_hasOutput.Wait(limit, token))
                throw new MigrationFailedException("The guest of the rehearsal does not run");
        }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            _backend.Write(bytes);
            _hasOutput.Set();
        }

        public int Read(Span<byte> destination) => _backend.Read(destination);

        // The rehearsal still looks at a console that its machine has disposed of: the event stays, it holds nothing that has to be freed.
        public void Dispose() => _backend.Dispose();
    }
}
