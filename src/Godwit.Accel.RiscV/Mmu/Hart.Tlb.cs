using System.Runtime.InteropServices;

namespace Godwit.Accel.RiscV;

/// <content>Soft TLBs: direct-mapped tables by page number, one set per privilege context.</content>
/// <remarks>
/// Data contexts: user, supervisor, supervisor with SUM, machine. Fetch contexts: user, supervisor, machine. An entry exists only for a page
/// whose every access of that kind is allowed and goes to a memory slot; a write entry moreover only for a page that is noted in the
/// dirty log and holds no decoded code.
/// </remarks>
public sealed unsafe partial class Hart
{
    private const int DataTlbEntries = 1024;
    private const int FetchTlbEntries = 256;
    private const ulong DataTlbMask = DataTlbEntries - 1;
    private const ulong FetchTlbMask = FetchTlbEntries - 1;
    private const int DataContexts = 4;
    private const int FetchContexts = 3;

    private TlbEntry* _readTlbs;
    private TlbEntry* _writeTlbs;
    private FetchEntry* _fetchTlbs;

    // The tables of the current context.
    private TlbEntry* _readTlb;
    private TlbEntry* _writeTlb;
    private FetchEntry* _fetch;
    private PrivilegeMode _dataMode;

    // Nothing was entered since all tables were emptied: a hart that has not run yet need not be flushed again when it starts.
    private bool _areTlbsEmpty;

    private void AllocateTlbs()
    {
        // SAFETY: freed in FreeTlbs, after the hart's thread has ended. Indices are masked by the table size.
        _readTlbs = (TlbEntry*)NativeMemory.AlignedAlloc((nuint)(DataContexts * DataTlbEntries * sizeof(TlbEntry)), 64);
        _writeTlbs = (TlbEntry*)NativeMemory.AlignedAlloc((nuint)(DataContexts * DataTlbEntries * sizeof(TlbEntry)), 64);
        _fetchTlbs = (FetchEntry*)NativeMemory.AlignedAlloc((nuint)(FetchContexts * FetchTlbEntries * sizeof(FetchEntry)), 64);
    }

    private void FreeTlbs()
    {
        NativeMemory.AlignedFree(_readTlbs);
        NativeMemory.AlignedFree(_writeTlbs);
        NativeMemory.AlignedFree(_fetchTlbs);
    }

    /// <summary>Chooses the tables for the current mode, MPRV, MPP and SUM.</summary>
    private void SelectTlbs()
    {
        PrivilegeMode mode = _mode;
        if (mode == PrivilegeMode.Machine && (_mstatus & MachineStatus.Mprv) != 0)
            mode = (PrivilegeMode)(_mstatus >> MachineStatus.MppShift & 3);
        _dataMode = mode;
        int context = mode switch
        {
            PrivilegeMode.User => 0,
            PrivilegeMode.Machine => 3,
            _ => (_mstatus & MachineStatus.Sum) != 0 ? 2 : 1,
        };
        _readTlb = _readTlbs + (context * DataTlbEntries);
        _writeTlb = _writeTlbs + (context * DataTlbEntries);
        _fetch = _fetchTlbs + ((_mode == PrivilegeMode.Machine ? 2 : (int)_mode) * FetchTlbEntries);
    }

    /// <summary>Drops everything that depends on page tables or memory protection.</summary>
    private void FlushTranslations()
    {
        if (_areTlbsEmpty)
            return;
        FlushReadTlbs();
        FlushWriteTlbs();
        FlushFetchTlbs();
        _areTlbsEmpty = true;
    }

    /// <summary>Drops everything that is derived from memory or its layout.</summary>
    private void FlushAll()
    {
        _seenLayout = _slots.LayoutVersion;
        FlushTranslations();
        lock (_accelerator.CodeGate)
            EmptyDecodeCache();
        SelectTlbs();
    }

    private void FlushReadTlbs() => Empty(_readTlbs);

    private void FlushWriteTlbs() => Empty(_writeTlbs);

    private void FlushFetchTlbs()
    {
        for (int i = 0; i < FetchContexts * FetchTlbEntries; i++)
            _fetchTlbs[i].Tag = TlbEntry.Empty;
    }

    private static void Empty(TlbEntry* tables)
    {
        for (int i = 0; i < DataContexts * DataTlbEntries; i++)
            tables[i].Tag = TlbEntry.Empty;
    }
}
