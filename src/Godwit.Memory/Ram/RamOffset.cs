using System.Globalization;

namespace Godwit.Memory;

/// <summary>An offset from the start of one RAM block.</summary>
/// <param name="Value">Offset in bytes.</param>
public readonly record struct RamOffset(ulong Value)
{
    /// <summary>The address <paramref name="bytes"/> further on.</summary>
    /// <exception cref="OverflowException">The result does not fit 64 bits.</exception>
    public RamOffset Add(ulong bytes) => new(checked(Value + bytes));

    /// <summary>The address <paramref name="bytes"/> before.</summary>
    /// <exception cref="OverflowException">The result would be negative.</exception>
    public RamOffset Subtract(ulong bytes) => new(checked(Value - bytes));

    /// <summary>Bytes from <paramref name="start"/> to this address.</summary>
    /// <exception cref="OverflowException"><paramref name="start"/> lies behind this address.</exception>
    public ulong DistanceFrom(RamOffset start) => checked(Value - start.Value);

    /// <summary>The address rounded down to a multiple of <paramref name="alignmentBytes"/>, a power of two.</summary>
    public RamOffset AlignDown(ulong alignmentBytes) => new(Value & ~(alignmentBytes - 1));

    /// <summary>Whether the address is a multiple of <paramref name="alignmentBytes"/>, a power of two.</summary>
    public bool IsAligned(ulong alignmentBytes) => (Value & (alignmentBytes - 1)) == 0;

    /// <summary>The page that the address lies in.</summary>
    public PageIndex Page => new(Value >> TargetPage.Bits);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Value:x}");
}
