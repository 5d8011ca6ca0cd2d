namespace Godwit.Machine;

/// <summary>Replaces halves of registers that are wider than the access.</summary>
internal static class BitPart
{
    public static ulong WithLow(ulong register, ulong value) => (register & 0xffff_ffff_0000_0000) | (uint)value;

    public static ulong WithHigh(ulong register, ulong value) => (uint)register | (value << 32);
}
