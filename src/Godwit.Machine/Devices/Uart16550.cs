using Godwit.Accel;
using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>A 16550A serial port with byte-wide registers; see docs/formats/virt-sections.md.</summary>
/// <remarks>
/// Registers are used under the big lock. A sent byte goes to the back end at once; when that is full the transmitter stays busy until there is
/// room again, so that a guest that outruns its console waits and the machine does not.
/// </remarks>
public sealed partial class Uart16550 : IDisposable
{
    internal const ulong RegionBytes = 8;

    private const byte IerReceive = 0x01;
    private const byte IerTransmit = 0x02;
    private const byte IerLineStatus = 0x04;
    private const byte IerModemStatus = 0x08;
    private const byte IirNone = 0x01;
    private const byte IirTransmit = 0x02;
    private const byte IirReceive = 0x04;
    private const byte IirLineStatus = 0x06;
    private const byte IirTimeout = 0x0c;
    private const byte IirFifoEnabled = 0xc0;
    private const byte FcrEnable = 0x01;
    private const byte FcrResetReceive = 0x02;
    private const byte FcrResetTransmit = 0x04;
    private const byte FcrKept = 0xc9;
    private const byte LcrDivisorAccess = 0x80;
    private const byte McrLoop = 0x10;
    private const byte LsrDataReady = 0x01;
    private const byte LsrOverrun = 0x02;
    private const byte LsrBreak = 0x10;
    private const byte LsrErrors = 0x1e;
    private const byte LsrTransmitEmpty = 0x60;
    private const byte MsrDeltas = 0x0f;
    private const ushort ResetDivider = 12;

    /// <summary>Bits on the line in one second at divisor 1.</summary>
    private const long BitsPerSecondAtDividerOne = 399_193;

    private readonly BigLock _bigLock;
    private readonly VirtualClock _clock;
    private readonly ICharBackend _backend;
    private readonly Action<bool> _interrupt;
    private readonly VirtualTimer _timeoutTimer;
    private readonly ByteFifo _receiveFifo = new();
    private readonly ByteFifo _transmitFifo = new();
    private ushort _divider = ResetDivider;
    private byte _rbr;
    private byte _ier;
    private byte _iir = IirNone;
    private byte _lcr;
    private byte _mcr = 0x08;
    private byte _lsr = LsrTransmitEmpty;
    private byte _msr = 0xb0;
    private byte _scr;
    private byte _fcr;
    private bool _isTransmitPending;
    private bool _isTimeoutPending;

    /// <summary>Creates the port in its reset state.</summary>
    /// <param name="bigLock">Taken for input that arrives from outside.</param>
    /// <param name="clock">Times the receive timeout.</param>
    /// <param name="backend">Where bytes go and come from; the caller keeps owning it.</param>
    /// <param name="interrupt">Sets the interrupt line.</param>
    public Uart16550(BigLock bigLock, VirtualClock clock, ICharBackend backend, Action<bool> interrupt)
    {
        ArgumentNullException.ThrowIfNull(bigLock);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(interrupt);
        _bigLock = bigLock;
        _clock = clock;
        _backend = backend;
        _interrupt = interrupt;
        _timeoutTimer = clock.CreateTimer(ReceiveTimedOut);
        Registers = new RegisterBlock((offset, _) => Read(offset), (offset, _, value) => Write(offset, (byte)value));
        backend.Changed += BackendChanged;
    }

    internal IMemoryRegionOperations Registers { get; }

    /// <summary>One register for each access, whatever its width.</summary>
    internal static AccessConstraints Access { get; } = new() { MaximumSizeBytes = 8, AllowsUnaligned = true };

    /// <summary>While false no input is taken: the machine is stopped, and what arrives waits in the back end.</summary>
    internal bool IsRunning { get; set; } = true;

    private bool IsFifoEnabled => (_fcr & FcrEnable) != 0;

    private bool IsLoop => (_mcr & McrLoop) != 0;

    private int ReceiveTrigger => (_fcr >> 6) switch { 0 => 1, 1 => 4, 2 => 8, _ => 14 };

    /// <summary>Lets go of the back end.</summary>
    public void Dispose() => _backend.Changed -= BackendChanged;

    internal void Resume()
    {
        IsRunning = true;
        PullInput();
    }

    internal void Reset()
    {
        _divider = ResetDivider;
        _rbr = _ier = _lcr = _scr = _fcr = 0;
        _iir = IirNone;
        _mcr = 0x08;
        _lsr = LsrTransmitEmpty;
        _msr = 0xb0;
        _isTransmitPending = _isTimeoutPending = false;
        _receiveFifo.Clear();
        _transmitFifo.Clear();
        _timeoutTimer.Disarm();
        UpdateInterrupt();
    }

    private ulong Read(ulong offset)
    {
        switch (offset)
        {
            case 0:
                return (_lcr & LcrDivisorAccess) != 0 ? (byte)_divider : ReadReceiver();
            case 1:
                return (_lcr & LcrDivisorAccess) != 0 ? (byte)(_divider >> 8) : _ier;
            case 2:
                byte cause = _iir;
                if ((cause & 0x0f) == IirTransmit)
                {
                    _isTransmitPending = false;
                    UpdateInterrupt();
                }

                return cause;
            case 3:
                return _lcr;
            case 4:
                return _mcr;
            case 5:
                byte line = _lsr;
                if ((line & (LsrBreak | LsrOverrun)) != 0)
                {
                    _lsr &= unchecked((byte)~(LsrBreak | LsrOverrun));
                    UpdateInterrupt();
                }

                return line;
            case 6:
                return ReadModemStatus();
            case 7:
                return _scr;
            default:
                return 0;
        }
    }

    private byte ReadReceiver()
    {
        byte value = _rbr;
        if (IsFifoEnabled)
        {
            value = _receiveFifo.Pop();
            if (_receiveFifo.IsEmpty)
                _lsr &= unchecked((byte)~(LsrDataReady | LsrBreak));
            else
                ArmReceiveTimeout();
            _isTimeoutPending = false;
        }
        else
        {
            _lsr &= unchecked((byte)~(LsrDataReady | LsrBreak));
        }

        UpdateInterrupt();
        PullInput();
        return value;
    }

    private byte ReadModemStatus()
    {
        if (IsLoop)
            return (byte)(((_mcr & 0x0c) << 4) | ((_mcr & 0x02) << 3) | ((_mcr & 0x01) << 5));

        byte value = _msr;
        if ((value & MsrDeltas) != 0)
        {
            _msr &= unchecked((byte)~MsrDeltas);
            UpdateInterrupt();
        }

        return value;
    }

    private void Write(ulong offset, byte value)
    {
        switch (offset)
        {
            case 0 when (_lcr & LcrDivisorAccess) != 0:
                _divider = (ushort)((_divider & 0xff00) | value);
                break;
            case 0:
                Transmit(value);
                break;
            case 1 when (_lcr & LcrDivisorAccess) != 0:
                _divider = (ushort)((_divider & 0x00ff) | (value << 8));
                break;
            case 1:
                WriteInterruptEnable((byte)(value & 0x0f));
                break;
            case 2:
                WriteFifoControl(value);
                break;
            case 3:
                _lcr = value;
                break;
            case 4:
                _mcr = (byte)(value & 0x1f);
                PullInput();
                break;
            case 7:
                _scr = value;
                break;
        }
    }

    private void WriteInterruptEnable(byte value)
    {
        byte changed = (byte)(_ier ^ value);
        _ier = value;
        if ((changed & IerTransmit) != 0)
            _isTransmitPending = (value & IerTransmit) != 0 && (_lsr & 0x20) != 0;
        if (changed != 0)
            UpdateInterrupt();
    }

    private void WriteFifoControl(byte value)
    {
        if (((value ^ _fcr) & FcrEnable) != 0)
            value |= FcrResetReceive | FcrResetTransmit;
        if ((value & FcrResetReceive) != 0)
        {
            _lsr &= unchecked((byte)~(LsrDataReady | LsrBreak));
            _isTimeoutPending = false;
            _timeoutTimer.Disarm();
            _receiveFifo.Clear();
        }

        if ((value & FcrResetTransmit) != 0)
        {
            _lsr |= 0x20;
            _isTransmitPending = true;
            _transmitFifo.Clear();
        }

        _fcr = (byte)(value & FcrKept);
        UpdateInterrupt();
        PullInput();
    }

    private void Transmit(byte value)
    {
        _isTransmitPending = false;
        _lsr &= unchecked((byte)~LsrTransmitEmpty);
        UpdateInterrupt();
        if (IsLoop)
            Receive(value);
        else
            _backend.Write([value]);
        if (IsLoop || _backend.IsWritable)
            TransmitterEmptied();
    }

    private void TransmitterEmptied()
    {
        _lsr |= LsrTransmitEmpty;
        _isTransmitPending = true;
        UpdateInterrupt();
    }

    /// <summary>Takes what the back end has, as far as there is room.</summary>
    private void PullInput()
    {
        if (!IsRunning || IsLoop)
            return;
        Span<byte> bytes = stackalloc byte[ByteFifo.Capacity];
        int room = IsFifoEnabled ? ByteFifo.Capacity - _receiveFifo.Count : (_lsr & LsrDataReady) == 0 ? 1 : 0;
        int count = room == 0 ? 0 : _backend.Read(bytes[..room]);
        foreach (byte value in bytes[..count])
            Receive(value);
    }

    private void Receive(byte value)
    {
        if (IsFifoEnabled)
        {
            if (!_receiveFifo.TryPush(value))
                _lsr |= LsrOverrun;
            _lsr |= LsrDataReady;
            ArmReceiveTimeout();
        }
        else
        {
            if ((_lsr & LsrDataReady) != 0)
                _lsr |= LsrOverrun;
            _rbr = value;
            _lsr |= LsrDataReady;
        }

        UpdateInterrupt();
    }

    /// <summary>Four character times, as long as the divisor and the frame format make them.</summary>
    private void ArmReceiveTimeout()
    {
        int bits = 1 + 5 + (_lcr & 3) + ((_lcr & 8) != 0 ? 1 : 0) + ((_lcr & 4) != 0 ? 2 : 1);
        long nanoseconds = 4L * bits * Math.Max(_divider, (ushort)1) * 1_000_000_000 / BitsPerSecondAtDividerOne;
        _timeoutTimer.Arm(_clock.NowNanoseconds + nanoseconds);
    }

    private void ReceiveTimedOut()
    {
        if (_receiveFifo.IsEmpty)
            return;
        _isTimeoutPending = true;
        UpdateInterrupt();
    }

    private void UpdateInterrupt()
    {
        byte cause = IirNone;
        if ((_ier & IerLineStatus) != 0 && (_lsr & LsrErrors) != 0)
            cause = IirLineStatus;
        else if ((_ier & IerReceive) != 0 && _isTimeoutPending)
            cause = IirTimeout;
        else if ((_ier & IerReceive) != 0 && (_lsr & LsrDataReady) != 0 && (!IsFifoEnabled || _receiveFifo.Count >= ReceiveTrigger))
            cause = IirReceive;
        else if ((_ier & IerTransmit) != 0 && _isTransmitPending)
            cause = IirTransmit;
        else if ((_ier & IerModemStatus) != 0 && (_msr & MsrDeltas) != 0)
            cause = 0;

        _iir = (byte)(cause | (IsFifoEnabled ? IirFifoEnabled : 0));
        _interrupt(cause != IirNone);
    }

    /// <summary>Input has arrived, or output has room again; called on any thread.</summary>
    private void BackendChanged(object? sender, EventArgs e)
    {
        using BigLock.Scope scope = _bigLock.EnterIfNeeded();
        if ((_lsr & LsrTransmitEmpty) != LsrTransmitEmpty && _backend.IsWritable)
            TransmitterEmptied();
        PullInput();
    }
}
