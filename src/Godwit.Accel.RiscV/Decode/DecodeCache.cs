using System.Runtime.InteropServices;

namespace Godwit.Accel.RiscV;

/// <summary>The decoded pages of one hart, found by the host address of the code.</summary>
/// <remarks>Guarded by the accelerator's code lock; the hart's interpreter alone reads records without it.</remarks>
internal sealed unsafe class DecodeCache
{
    /// <summary>Pages kept at most: 64 MiB of records.</summary>
    internal const int MaximumPageCount = 4096;

    private const int WordsPerPage = InstructionDecoder.SlotsPerPage + 8;

    private readonly Dictionary<nint, DecodedPage> _byHost = [];
    private readonly Dictionary<nint, DecodedPage> _byRecords = [];
    private readonly Stack<DecodedPage> _free = new();

    /// <summary>Gets the number of pages in use.</summary>
    internal int Count => _byHost.Count;

    internal DecodedPage? FindByHost(nint hostPage) => _byHost.GetValueOrDefault(hostPage);

    internal DecodedPage FindByRecords(ulong* records) => _byRecords[(nint)records];

    /// <summary>Makes a page that is not in the cache, for code that cannot be cached.</summary>
    internal ulong* AllocateScratch() => Allocate().Records;

    internal DecodedPage Add(SoftwareSlot slot, ulong pageInSlot)
    {
        DecodedPage page = _free.Count > 0 ? _free.Pop() : Allocate();
        page.Slot = slot;
        page.PageInSlot = pageInSlot;
        page.IsWatched = false;
        _byHost.Add(page.HostAddress, page);
        return page;
    }

    /// <summary>Takes all pages out of use. Their records stay readable, as undecoded, until they are used again.</summary>
    internal void RemoveAll()
    {
        foreach (DecodedPage page in _byHost.Values)
        {
            page.Clear();
            page.Slot = null;
            page.IsWatched = false;
            _free.Push(page);
        }

        _byHost.Clear();
    }

    /// <summary>Frees all records. The hart's thread has ended.</summary>
    internal void Free()
    {
        foreach (DecodedPage page in _byRecords.Values)
            NativeMemory.AlignedFree(page.Records);
        _byRecords.Clear();
        _byHost.Clear();
        _free.Clear();
    }

    private DecodedPage Allocate()
    {
        // SAFETY: freed in Free, after the hart's thread has ended.
        var records = (ulong*)NativeMemory.AlignedAlloc(WordsPerPage * sizeof(ulong), 64);
        new Span<ulong>(records, WordsPerPage).Clear();
        for (int i = InstructionDecoder.SlotsPerPage; i < WordsPerPage; i++)
            records[i] = Op.PageEnd;
        var page = new DecodedPage(records);
        _byRecords.Add((nint)records, page);
        return page;
    }
}
