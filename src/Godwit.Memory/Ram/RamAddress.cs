using System.Globalization;

namespace Godwit.Memory;

/// <summary>An address in the linear RAM space of this process, in which every RAM block has its own range; it indexes the dirty bitmaps and is never on the wire.</summary>
/// <param name="Value">Offset in bytes.</param>
public readonly record struct RamAddress(ulong Value)
{
    /// <summary>The address <paramref name="bytes"/> further on.</summary>
    /// <exception cref="OverflowException">The result does not fit 64 bits.</exception>
    public RamAddress Add(ulong bytes) => new(checked(Value + bytes));

    /// <summary>The address <paramref name="bytes"/> before.</summary>
    /// <exception cref="OverflowException">The result would be negative.</exception>
    public RamAddress Subtract(ulong bytes) => new(checked(Value - bytes));

    /// <summary>Bytes from <paramref name="start"/> to this address.</summary>
    /// <exception cref="OverflowException"><paramref name="start"/> lies behind this address.</exception>
    public ulong DistanceFrom(RamAddress start) => checked(Value - start.Value);

    /// <summary>The address rounded down to a multiple of <paramref name="alignmentBytes"/>, a power of two.</summary>
    public RamAddress AlignDown(ulong alignmentBytes) => new(Value & ~(alignmentBytes - 1));

    /// <summary>Whether the address is a multiple of <paramref name="alignmentBytes"/>, a power of two.</summary>
    public bool IsAligned(ulong alignmentBytes) => (Value & (alignmentBytes - 1)) == 0;

    /// <summary>The page that the address lies in.</summary>
    public PageIndex Page => new(Value >> TargetPage.Bits);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Value:x}");
}
