using System.Diagnostics;

namespace Godwit.Accel.RiscV;

/// <content>The counters <c>cycle</c>, <c>instret</c> and <c>time</c>.</content>
/// <remarks>
/// Cycle and instret both count host nanoseconds, as the peers count host ticks: monotonic, without a relation to instructions.
/// A counter is a pair: it reads <c>now − previous + value</c> while it runs and <c>value</c> while it is inhibited; the pair is what
/// the <c>cpu</c> section carries.
/// </remarks>
public sealed unsafe partial class Hart
{
    private readonly ulong[] _counterValue = new ulong[32];
    private readonly ulong[] _counterPrevious = new ulong[32];

    private static ulong HostTicks => (ulong)Stopwatch.GetTimestamp();

    private void ResetCounters()
    {
        Array.Clear(_counterValue);
        Array.Clear(_counterPrevious);
    }

    private bool IsInhibited(int counter) => (_mcountinhibit >> counter & 1) != 0;

    private ulong ReadCounter(int counter) =>
        IsInhibited(counter) ? _counterValue[counter] : HostTicks - _counterPrevious[counter] + _counterValue[counter];

    private void WriteCounter(int counter, ulong value)
    {
        _counterValue[counter] = value;
        _counterPrevious[counter] = HostTicks;
    }

    private void WriteCountInhibit(uint value)
    {
        for (int counter = 0; counter <= 2; counter += 2)
        {
            uint bit = 1u << counter;
            if (((_mcountinhibit ^ value) & bit) == 0)
                continue;

            // Stopping keeps what was counted; starting goes on from it.
            if ((value & bit) != 0)
                _counterValue[counter] = ReadCounter(counter);
            else
                _counterPrevious[counter] = HostTicks;
        }

        _mcountinhibit = value;
    }

    private bool TryReadUserCounter(int number, out ulong value)
    {
        value = 0;
        uint bit = 1u << (number - CsrNumber.Cycle);
        bool allowed = _mode switch
        {
            PrivilegeMode.Machine => true,
            PrivilegeMode.Supervisor => (_mcounteren & bit) != 0,
            _ => (_mcounteren & _scounteren & bit) != 0,
        };
        if (!allowed)
            return false;
        value = number == CsrNumber.Time ? _options.ReadTime() : ReadCounter(number - CsrNumber.Cycle);
        return true;
    }
}
