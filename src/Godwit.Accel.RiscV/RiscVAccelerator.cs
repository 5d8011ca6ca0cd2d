using Godwit.Memory;

namespace Godwit.Accel.RiscV;

/// <summary>Runs RISC-V harts in software, each on its own thread.</summary>
/// <remarks>
/// It attaches itself to the address space: memory slots follow the flat view, guest stores reach the dirty bitmaps through the same
/// listener callbacks as with <c>/dev/kvm</c>, and writes by devices drop decoded code. docs/cpu.md.
/// </remarks>
public sealed class RiscVAccelerator : IAccelerator, ICodeInvalidator
{
    /// <summary>A hart leaves guest code within microseconds; a sleep of a whole millisecond is for one that a device holds up.</summary>
    private const int SpinsBeforeSleep = 1000;

    private readonly MemorySystem _memory;
    private readonly MemorySlotListener _listener;
    private readonly SoftwareDirtyLog _log;
    private readonly Lock _control = new();
    private readonly Hart[] _harts;
    private readonly TimedVcpuThrottle _throttle;
    private bool _running;
    private bool _disposing;
    private int _holds;

    /// <summary>Initializes a new instance of the <see cref="RiscVAccelerator"/> class, stopped, all harts in their reset state.</summary>
    /// <param name="memory">The VM's memory.</param>
    /// <param name="addressSpace">What the harts see.</param>
    /// <param name="options">Number of harts and their properties.</param>
    /// <exception cref="ArgumentOutOfRangeException">The hart count is not 1 to 64.</exception>
    public RiscVAccelerator(MemorySystem memory, AddressSpace addressSpace, RiscVCpuOptions options)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(addressSpace);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.HartCount, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.HartCount, 64, nameof(options));
        _memory = memory;
        AddressSpace = addressSpace;
        _log = new SoftwareDirtyLog(SafePoints);
        WriteProtection = new SoftwareWriteProtection(SafePoints);
        _listener = new MemorySlotListener(_log, memory.Dirty, HoldCpus);
        _harts = new Hart[options.HartCount];
        for (int i = 0; i < _harts.Length; i++)
            _harts[i] = new Hart(this, i, options, _log);
        DirtyRings = new HartDirtyRings(_harts);
        _throttle = new TimedVcpuThrottle(_harts, () => IsRunning);
        using (memory.BigLock.EnterIfNeeded())
        {
            addressSpace.RegisterListener(_listener);
            memory.CodeInvalidator = this;
        }
    }

    /// <inheritdoc/>
    public string Name => "riscv";

    /// <inheritdoc/>
    public IReadOnlyList<IVirtualCpu> Cpus => _harts;

    /// <summary>Gets the harts, by index.</summary>
    public IReadOnlyList<Hart> Harts => _harts;

    /// <inheritdoc/>
    public IDirtyLog DirtyLog => _log;

    /// <inheritdoc/>
    public IWriteProtection WriteProtection { get; }

    /// <inheritdoc/>
    public long HarvestedPages => _listener.HarvestedPages;

    /// <inheritdoc/>
    public IVcpuDirtyRings DirtyRings { get; }

    /// <inheritdoc/>
    public IVcpuThrottle Throttle => _throttle;

    /// <inheritdoc/>
    public bool IsRunning => Volatile.Read(ref _running) && Volatile.Read(ref _holds) == 0;

    /// <summary>
    /// Gets or sets the board's answer to "is a timer armed for this hart that has not fired?". Peers of QEMU 10.0 lose armed timers; for
    /// them such a hart is saved with its timer interrupt pending. Called with the harts stopped.
    /// </summary>
    public Func<int, bool>? IsTimerArmed { get; set; }

    /// <summary>Gets the barrier that harvests wait at.</summary>
    internal SafePointDomain SafePoints { get; } = new();

    internal BigLock BigLock => _memory.BigLock;

    internal AddressSpace AddressSpace { get; }

    /// <summary>Gets the lock of all decode caches. Taken last; held for a few instructions.</summary>
    internal Lock CodeGate { get; } = new();

    internal bool IsDisposing => Volatile.Read(ref _disposing);

    /// <inheritdoc/>
    public void Start()
    {
        lock (_control)
        {
            ObjectDisposedException.ThrowIf(_disposing, this);
            if (_running)
                return;

            WaitUntilIdle();

            // Memory may have been loaded meanwhile, and registers changed: nothing derived from them is kept.
            foreach (Hart hart in _harts)
                hart.DropCaches();
            Interlocked.Exchange(ref _running, true);
            WakeAll();
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
        lock (_control)
        {
            Interlocked.Exchange(ref _running, false);
            WakeAll();
        }

        WaitUntilIdle();
    }

    /// <inheritdoc/>
    public void InvalidateCode(RamAddress start, ulong lengthBytes)
    {
        if (lengthBytes == 0)
            return;
        foreach (SoftwareSlot slot in _log.Slots)
        {
            ulong slotStart = slot.Slot.RamStart.Value;
            ulong first = Math.Max(start.Value, slotStart);
            ulong last = Math.Min(start.Value + (lengthBytes - 1), slotStart + (slot.SizeBytes - 1));
            if (first > last)
                continue;
            ulong lastPage = last - slotStart >> TargetPage.Bits;
            for (ulong page = first - slotStart >> TargetPage.Bits; page <= lastPage; page++)
            {
                if (slot.HasCode(page))
                    DropCode(slot, page);
            }
        }
    }

    /// <summary>Ends all hart threads and frees their memory. The big lock must not be held.</summary>
    public void Dispose()
    {
        lock (_control)
        {
            if (_disposing)
                return;
            Volatile.Write(ref _running, false);
            Interlocked.Exchange(ref _disposing, true);
            WakeAll();
        }

        _throttle.Dispose();
        foreach (Hart hart in _harts)
            hart.Join();
        using (_memory.BigLock.EnterIfNeeded())
        {
            _memory.CodeInvalidator = null;
            AddressSpace.UnregisterListener(_listener);
        }

        foreach (Hart hart in _harts)
            hart.Free();
    }

    /// <summary>After a store to a page that holds decoded code: drops the page's code if instructions were changed.</summary>
    internal void NoteCodeStore(SoftwareSlot slot, ulong page, int firstByte, int sizeBytes)
    {
        lock (CodeGate)
        {
            foreach (Hart hart in _harts)
            {
                if (hart.HasDecoded(slot, page, firstByte, firstByte + sizeBytes - 1))
                {
                    DropCodeLocked(slot, page);
                    return;
                }
            }
        }
    }

    private void DropCode(SoftwareSlot slot, ulong page)
    {
        lock (CodeGate)
            DropCodeLocked(slot, page);
    }

    private void DropCodeLocked(SoftwareSlot slot, ulong page)
    {
        // A page that is written as a whole is no code any more: later stores need not be caught until it is executed again.
        foreach (Hart hart in _harts)
            hart.DropDecoded(slot, page);
        slot.ClearCode(page);
    }

    private void HoldCpus(bool hold)
    {
        if (hold)
        {
            Interlocked.Increment(ref _holds);
            foreach (Hart hart in _harts)
                hart.Kick();
            WaitUntilIdle();
        }
        else
        {
            Interlocked.Decrement(ref _holds);
            WakeAll();
        }
    }

    private void WakeAll()
    {
        foreach (Hart hart in _harts)
            hart.Kick();
    }

    private void WaitUntilIdle()
    {
        foreach (Hart hart in _harts)
        {
            if (hart.IsCurrentThread)
                continue;
            var spin = default(SpinWait);
            while (hart.IsBusy)
                spin.SpinOnce(SpinsBeforeSleep);
        }
    }
}
