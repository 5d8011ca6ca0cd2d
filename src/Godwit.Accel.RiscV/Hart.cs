using System.Runtime.InteropServices;

namespace Godwit.Accel.RiscV;

/// <summary>
/// One RISC-V hart: registers, control and status registers, its soft TLBs and its thread.
/// </summary>
/// <remarks>
/// The parts: <c>Decode/</c> turns memory into records, <c>Execute/</c> runs them, <c>Mmu/</c> finds memory, <c>Csr/</c> holds the privileged
/// state, <c>Fpu/</c> computes, <c>State/</c> is the migration section. docs/cpu.md walks through them.
/// All state is changed by the hart's own thread, or by anyone while the accelerator is stopped; only <c>mip</c> and the attention flag
/// are shared, through interlocked operations.
/// </remarks>
public sealed unsafe partial class Hart : IVirtualCpu, IPausableCpu
{
    internal const int PageBits = 12;
    internal const int PageBytes = 1 << PageBits;
    internal const ulong PageMask = ~(ulong)(PageBytes - 1);
    internal const ulong NoReservation = ulong.MaxValue;

    private readonly RiscVAccelerator _accelerator;
    private readonly RiscVCpuOptions _options;
    private readonly SoftwareDirtyLog _slots;

    // The register files live outside the collected heap so that the interpreter addresses them by plain pointers.
    private readonly ulong* _x;
    private readonly ulong* _f;
    private ulong _pc;
    private bool _halted;
    private RiscVCpuModel _model;

    internal Hart(RiscVAccelerator accelerator, int index, RiscVCpuOptions options, SoftwareDirtyLog slots)
    {
        _accelerator = accelerator;
        _options = options;
        _slots = slots;
        _model = options.Model;
        Index = index;

        // SAFETY: both files are freed in Free, after the hart's thread has ended; indices are 0–32 and 0–31 by construction of records.
        _x = (ulong*)NativeMemory.AlignedAlloc(64 * sizeof(ulong) * 2, 64);
        _f = _x + 64;
        _safePoint = accelerator.SafePoints.Register(RequestAttention);
        AllocateTlbs();
        _code = new DecodeCache();
        _straddle = _code.AllocateScratch();
        _state = new CpuState(this);
        Reset();
        _thread = new Thread(RunThread, maxStackSize: 1 << 20) { IsBackground = true, Name = $"hart-{index}" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public int Index { get; }

    /// <inheritdoc/>
    public bool IsHalted => Volatile.Read(ref _halted);

    /// <inheritdoc/>
    public int ThreadId
    {
        get
        {
            // The thread was started with the hart and says its number first of all.
            while (Volatile.Read(ref _threadId) == 0)
                Thread.Yield();
            return _threadId;
        }
    }

    /// <inheritdoc/>
    public ulong ProgramCounter
    {
        get => Volatile.Read(ref _pc);
        set => _pc = value;
    }

    /// <summary>Gets the current privilege mode.</summary>
    public PrivilegeMode Mode => _mode;

    /// <summary>Gets the CPU facts that the guest sees; a loaded section of another version changes them.</summary>
    public RiscVCpuModel Model => _model;

    /// <inheritdoc/>
    public void Reset()
    {
        new Span<ulong>(_x, 64).Clear();
        new Span<ulong>(_f, 64).Clear();
        _pc = _options.ResetVector;
        _halted = false;
        ResetCsrs();
        _loadReservation = NoReservation;
        _loadValue = 0;
        _state.Reset();
        FlushAll();
    }

    /// <summary>Reads an integer register. The accelerator must be stopped.</summary>
    /// <param name="index">0 to 31.</param>
    /// <returns>The value; 0 for register 0.</returns>
    public ulong ReadRegister(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, 31u, nameof(index));
        return _x[index];
    }

    /// <summary>Writes an integer register. The accelerator must be stopped. Register 0 stays 0.</summary>
    /// <param name="index">0 to 31.</param>
    /// <param name="value">The value.</param>
    public void WriteRegister(int index, ulong value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, 31u, nameof(index));
        if (index != 0)
            _x[index] = value;
    }

    /// <summary>Reads a floating-point register as it is. The accelerator must be stopped.</summary>
    /// <param name="index">0 to 31.</param>
    /// <returns>The 64 bits.</returns>
    public ulong ReadFloatRegister(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, 31u, nameof(index));
        return _f[index];
    }

    /// <summary>Writes a floating-point register. The accelerator must be stopped.</summary>
    /// <param name="index">0 to 31.</param>
    /// <param name="value">The 64 bits.</param>
    public void WriteFloatRegister(int index, ulong value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, 31u, nameof(index));
        _f[index] = value;
    }

    /// <summary>Gets the accrued floating-point exceptions.</summary>
    internal uint FloatFlags => _fflags;

    /// <summary>Frees the memory outside the heap; the thread has ended.</summary>
    internal void Free()
    {
        NativeMemory.AlignedFree(_x);
        FreeTlbs();
        _code.Free();
        _accelerator.SafePoints.Unregister(_safePoint);
    }
}
