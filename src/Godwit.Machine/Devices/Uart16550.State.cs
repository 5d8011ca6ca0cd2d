using Godwit.VmState;

namespace Godwit.Machine;

/// <content>The section <c>serial</c>.</content>
public sealed partial class Uart16550
{
    private static readonly VmStateDescription<Uart16550> _thrPendingState = new("serial/thr_ipending", version: 1, minimumVersion: 1)
    {
        Needed = u => (u._ier & IerTransmit) != 0 && u._isTransmitPending != u.IsTransmitCause,
        Fields = [Field.Int32<Uart16550>("thr_ipending", u => u._isTransmitPending ? 1 : 0, (u, v) => u._loadedTransmitPending = v != 0)],
    };

    /// <summary>Only read: a byte that the sender could not get rid of. Here a byte counts as sent when the back end has it.</summary>
    private static readonly VmStateDescription<Uart16550> _tsrState = new("serial/tsr", version: 1, minimumVersion: 1)
    {
        Needed = _ => false,
        Fields =
        [
            Field.UInt32<Uart16550>("tsr_retry", u => ref u._tsrRetry),
            Field.UInt8<Uart16550>("thr", u => ref u._thr),
            Field.UInt8<Uart16550>("tsr", u => ref u._tsr),
        ],
    };

    private static readonly VmStateDescription<Uart16550> _receiveFifoState = new("serial/recv_fifo", version: 1, minimumVersion: 1)
    {
        Needed = u => !u._receiveFifo.IsEmpty,
        Fields = [Field.Struct<Uart16550, ByteFifo>("recv_fifo", u => u._receiveFifo, FifoDescription.Value)],
    };

    private static readonly VmStateDescription<Uart16550> _transmitFifoState = new("serial/xmit_fifo", version: 1, minimumVersion: 1)
    {
        Needed = u => !u._transmitFifo.IsEmpty,
        Fields = [Field.Struct<Uart16550, ByteFifo>("xmit_fifo", u => u._transmitFifo, FifoDescription.Value)],
    };

    private static readonly VmStateDescription<Uart16550> _timeoutTimerState = new("serial/fifo_timeout_timer", version: 1, minimumVersion: 1)
    {
        Needed = u => u._timeoutTimer.ExpiresAtNanoseconds is not null,
        Fields = [Field.Timer<Uart16550>("fifo_timeout_timer", u => u._timeoutTimer.ExpiresAtNanoseconds, (u, v) => u._timeoutExpiry = v)],
    };

    private static readonly VmStateDescription<Uart16550> _timeoutPendingState = new("serial/timeout_ipending", version: 1, minimumVersion: 1)
    {
        Needed = u => u._isTimeoutPending,
        Fields = [Field.Int32<Uart16550>("timeout_ipending", u => u._isTimeoutPending ? 1 : 0, (u, v) => u._isTimeoutPending = v != 0)],
    };

    /// <summary>Only read: a port that watched the modem lines of a real serial device; there is none here to watch.</summary>
    private static readonly VmStateDescription<Uart16550> _pollState = new("serial/poll", version: 1, minimumVersion: 1)
    {
        Needed = _ => false,
        Fields =
        [
            Field.Int32<Uart16550>("poll_msl", _ => -1, (_, _) => { }),
            Field.Timer<Uart16550>("modem_status_poll", _ => null, (_, _) => { }),
        ],
    };

    private static readonly VmStateDescription<Uart16550> _portState = new("serial", version: 3, minimumVersion: 2)
    {
        Fields =
        [
            Field.UInt16<Uart16550>("divider", u => ref u._divider),
            Field.UInt8<Uart16550>("rbr", u => ref u._rbr),
            Field.UInt8<Uart16550>("ier", u => ref u._ier),
            Field.UInt8<Uart16550>("iir", u => ref u._iir),
            Field.UInt8<Uart16550>("lcr", u => ref u._lcr),
            Field.UInt8<Uart16550>("mcr", u => ref u._mcr),
            // The byte that keeps the transmitter busy is in the back end already, so for the machine it is sent.
            Field.UInt8<Uart16550>("lsr", u => (byte)(u._lsr | LsrTransmitEmpty), (u, v) => u._lsr = v),
            Field.UInt8<Uart16550>("msr", u => ref u._msr),
            Field.UInt8<Uart16550>("scr", u => ref u._scr),
            Field.UInt8<Uart16550>("fcr_vmstate", u => ref u._fcr, since: 3),
        ],
        Subsections = [_thrPendingState, _tsrState, _receiveFifoState, _transmitFifoState, _timeoutTimerState, _timeoutPendingState, _pollState],
        PreLoad = u => u.PrepareLoad(),
        PostLoad = (u, version) => u.FinishLoad(),
    };

    private static readonly VmStateDescription<Uart16550> _state = new("serial", version: 3, minimumVersion: 2)
    {
        Fields = [Field.Struct<Uart16550, Uart16550>("serial", u => u, _portState)],
    };

    private uint _tsrRetry;
    private byte _thr;
    private byte _tsr;
    private long? _timeoutExpiry;
    private bool? _loadedTransmitPending;

    private bool IsTransmitCause => (_iir & 0x0e) == IirTransmit;

    internal void Register(VmStateRegistry registry) => registry.Register(_state, this);

    private void PrepareLoad()
    {
        _fcr = 0;
        _isTimeoutPending = false;
        _loadedTransmitPending = null;
        _tsrRetry = 0;
        _timeoutExpiry = null;
        _receiveFifo.Clear();
        _transmitFifo.Clear();
    }

    private void FinishLoad()
    {
        if (!_receiveFifo.IsConsistent || !_transmitFifo.IsConsistent)
            throw new VmStateException("serial: a FIFO's head or count is outside of its 16 bytes");
        if (_tsrRetry == 0 && (_lsr & 0x40) == 0)
            throw new VmStateException("inconsistent state in serial device (tsr not empty, tsr_retry=0)");

        _fcr &= FcrKept;
        _isTransmitPending = _loadedTransmitPending ?? IsTransmitCause;
        if (_timeoutExpiry is { } expiry)
            _timeoutTimer.Arm(expiry);
        else
            _timeoutTimer.Disarm();
        SendUnsent();
    }

    /// <summary>Bytes that the sender still had to give to its host are ours to give.</summary>
    private void SendUnsent()
    {
        if (_tsrRetry != 0)
            _backend.Write([_tsr]);
        bool hasThr = _tsrRetry != 0 && !IsFifoEnabled && (_lsr & 0x20) == 0;
        if (hasThr)
            _backend.Write([_thr]);
        while (!_transmitFifo.IsEmpty)
            _backend.Write([_transmitFifo.Pop()]);
        if (_tsrRetry != 0)
            _isTransmitPending = true;
        _tsrRetry = 0;
        _lsr |= LsrTransmitEmpty;
    }

    private static class FifoDescription
    {
        public static readonly VmStateDescription<ByteFifo> Value = new("Fifo8", version: 1, minimumVersion: 1)
        {
            Fields =
            [
                Field.VBuffer<ByteFifo>("data", f => f.Data, _ => ByteFifo.Capacity, ByteFifo.Capacity),
                Field.UInt32<ByteFifo>("head", f => ref f.Head),
                Field.UInt32<ByteFifo>("num", f => ref f.Number),
            ],
        };
    }
}
