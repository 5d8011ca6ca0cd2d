using System.Numerics;
using Godwit.Memory;
using Godwit.Native;

namespace Godwit.Migration;

/// <summary>
/// What the source last sent, page by page: a direct-mapped cache keyed by the linear RAM address
/// (docs/formats/ram.md, "XBZRLE").
/// </summary>
/// <remarks>Used by the migration thread alone. The pages lie outside the managed heap.</remarks>
public sealed class XbzrleCache : IDisposable
{
    /// <summary>A page stays safe from another one for this many generations.</summary>
    public const long ProtectedGenerations = 2;

    private const ulong Empty = ulong.MaxValue;

    private readonly HostMapping _data;
    private readonly ulong[] _addresses;
    private readonly long[] _ages;
    private readonly ulong _slotMask;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="sizeBytes">A power-of-two number of pages.</param>
    /// <exception cref="ArgumentException">The size is not valid.</exception>
    public XbzrleCache(long sizeBytes)
    {
        if (!IsValidSize(sizeBytes))
            throw new ArgumentException($"An XBZRLE cache of {sizeBytes} bytes is not a power-of-two number of pages.", nameof(sizeBytes));
        int slots = (int)(sizeBytes / TargetPage.SizeBytes);
        _slotMask = (ulong)slots - 1;
        _addresses = new ulong[slots];
        _ages = new long[slots];
        Array.Fill(_addresses, Empty);
        _data = HostMapping.AllocateAnonymous(sizeBytes);
        SizeBytes = sizeBytes;
    }

    /// <summary>Bytes of page content that fit.</summary>
    public long SizeBytes { get; }

    /// <summary>Whether a cache can have this size: a power-of-two number of pages, at most 2^30 of them.</summary>
    public static bool IsValidSize(long sizeBytes) =>
        sizeBytes >= TargetPage.SizeBytes && BitOperations.IsPow2(sizeBytes) && sizeBytes / TargetPage.SizeBytes <= 1 << 30;

    /// <summary>Finds the cached version of a page; a hit makes it young again.</summary>
    /// <param name="address">Linear RAM address of the page.</param>
    /// <param name="generation">The dirty sync count.</param>
    /// <param name="page">The cached bytes, writable; valid until the page is replaced.</param>
    public bool TryGet(RamAddress address, long generation, out Span<byte> page)
    {
        int slot = SlotOf(address);
        if (_addresses[slot] != address.Value)
        {
            page = default;
            return false;
        }

        _ages[slot] = generation;
        page = PageOf(slot);
        return true;
    }

    /// <summary>Puts a page in, unless another page holds its slot and is still young.</summary>
    /// <param name="address">Linear RAM address of the page.</param>
    /// <param name="generation">The dirty sync count.</param>
    /// <param name="page">The slot to be filled by the caller, if the result is true.</param>
    public bool TryInsert(RamAddress address, long generation, out Span<byte> page)
    {
        int slot = SlotOf(address);
        ulong held = _addresses[slot];
        if (held != address.Value && held != Empty && _ages[slot] + ProtectedGenerations > generation)
        {
            page = default;
            return false;
        }

        _addresses[slot] = address.Value;
        _ages[slot] = generation;
        page = PageOf(slot);
        return true;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _data.Dispose();

    private int SlotOf(RamAddress address) => (int)((address.Value >> TargetPage.Bits) & _slotMask);

    private Span<byte> PageOf(int slot) => _data.GetSpan((long)slot * TargetPage.SizeBytes, TargetPage.SizeBytes);
}
