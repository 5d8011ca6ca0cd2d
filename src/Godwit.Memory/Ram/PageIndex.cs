using System.Globalization;

namespace Godwit.Memory;

/// <summary>The number of a 4 KiB page: in a RAM block, in the linear RAM space or in guest-physical space, as the context says.</summary>
/// <param name="Value">Number of the page, from 0.</param>
public readonly record struct PageIndex(ulong Value)
{
    /// <summary>The page <paramref name="pages"/> further on.</summary>
    /// <exception cref="OverflowException">The result does not fit 64 bits.</exception>
    public PageIndex Add(ulong pages) => new(checked(Value + pages));

    /// <summary>Pages from <paramref name="start"/> to this one.</summary>
    /// <exception cref="OverflowException"><paramref name="start"/> lies behind this page.</exception>
    public ulong DistanceFrom(PageIndex start) => checked(Value - start.Value);

    /// <summary>First byte of the page, as an offset in the block that the pages are counted in.</summary>
    /// <exception cref="OverflowException">The offset does not fit 64 bits.</exception>
    public RamOffset ToRamOffset() => new(ByteOffset());

    /// <summary>First byte of the page, for pages counted in the linear RAM space.</summary>
    /// <exception cref="OverflowException">The address does not fit 64 bits.</exception>
    public RamAddress ToRamAddress() => new(ByteOffset());

    /// <summary>First byte of the page, for pages counted in guest-physical space.</summary>
    /// <exception cref="OverflowException">The address does not fit 64 bits.</exception>
    public GuestAddress ToGuestAddress() => new(ByteOffset());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    private ulong ByteOffset() => checked(Value * TargetPage.SizeBytes);
}
