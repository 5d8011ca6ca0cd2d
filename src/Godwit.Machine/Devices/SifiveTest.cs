using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>The test device: how a guest ends or resets its machine. It has no state.</summary>
public sealed class SifiveTest
{
    internal const ulong RegionBytes = 0x1000;

    private const ushort Fail = 0x3333;
    private const ushort Pass = 0x5555;
    private const ushort ResetCode = 0x7777;

    /// <summary>Creates the device.</summary>
    /// <param name="powerOff">Called with the exit code, 0 to 65535, when the guest ends the machine.</param>
    /// <param name="reset">Called when the guest asks for a reset.</param>
    public SifiveTest(Action<int> powerOff, Action reset)
    {
        ArgumentNullException.ThrowIfNull(powerOff);
        ArgumentNullException.ThrowIfNull(reset);
        Registers = new RegisterBlock((_, _) => 0, (offset, _, value) =>
        {
            if (offset != 0)
                return;
            int code = (int)((value >> 16) & 0xffff);
            switch ((ushort)value)
            {
                case Fail:
                case Pass:
                    powerOff(code);
                    break;
                case ResetCode:
                    reset();
                    break;
            }
        });
    }

    internal IMemoryRegionOperations Registers { get; }

    /// <summary>16 or 32 bits.</summary>
    internal static AccessConstraints Access { get; } = new() { MinimumSizeBytes = 2, MaximumSizeBytes = 4 };
}
