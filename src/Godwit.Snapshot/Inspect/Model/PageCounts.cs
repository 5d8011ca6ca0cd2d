using System.Runtime.InteropServices;

namespace Godwit.Snapshot;

/// <summary>Pages of a stream by the kind of their record.</summary>
/// <param name="Normal">Pages sent whole; in a mapped-ram file, pages whose bit is set.</param>
/// <param name="Zero">Pages of zeros.</param>
/// <param name="Xbzrle">Pages sent as differences.</param>
/// <param name="Compressed">Pages compressed one by one (up to 9.0).</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PageCounts(long Normal, long Zero, long Xbzrle, long Compressed)
{
    /// <summary>Sums two counts.</summary>
    public static PageCounts operator +(PageCounts left, PageCounts right) => left.Add(right);

    /// <summary>Sums two counts.</summary>
    public PageCounts Add(PageCounts other) =>
        new(Normal + other.Normal, Zero + other.Zero, Xbzrle + other.Xbzrle, Compressed + other.Compressed);

    /// <summary>Adds pages of one kind.</summary>
    public PageCounts Add(PageKind kind, long count) => kind switch
    {
        PageKind.Normal => this with { Normal = Normal + count },
        PageKind.Zero => this with { Zero = Zero + count },
        PageKind.Xbzrle => this with { Xbzrle = Xbzrle + count },
        _ => this with { Compressed = Compressed + count },
    };
}
