namespace Godwit.Accel.RiscV;

/// <content>From a program counter to decoded records, and back when the code changes.</content>
public sealed unsafe partial class Hart
{
    private readonly DecodeCache _code;
    private readonly ulong* _straddle;
    private readonly List<(DecodedPage Page, long Epoch)> _recentlyWatched = [];

    /// <summary>Drops decoded instructions that a store by someone else has changed. Under the accelerator's code lock.</summary>
    /// <param name="slot">The slot that was written.</param>
    /// <param name="page">Page of the slot.</param>
    /// <param name="firstByte">First byte written, in the page.</param>
    /// <param name="lastByte">Last byte written, in the page.</param>
    /// <returns><see langword="true"/> when decoded instructions of the page were among the bytes.</returns>
    internal bool HasDecoded(SoftwareSlot slot, ulong page, int firstByte, int lastByte) =>
        _code.FindByHost(slot.HostAddress + (nint)(page << PageBits)) is { } found && found.HasRecords(firstByte, lastByte);

    /// <summary>Drops all decoded instructions of a page. Under the accelerator's code lock.</summary>
    internal void DropDecoded(SoftwareSlot slot, ulong page)
    {
        if (_code.FindByHost(slot.HostAddress + (nint)(page << PageBits)) is not { } found)
            return;
        found.Clear();
        found.IsWatched = false;
    }

    /// <summary>The slow path of a page change: translates, checks, and finds or makes the decoded page.</summary>
    /// <returns>The records, or <see langword="null"/> with a trap noted.</returns>
    private ulong* FetchPage(ulong pc)
    {
        if (!Translate(pc, 2, AccessType.Fetch, out ulong physical, out bool cacheable))
            return null;
        if (_slots.Find(physical) is not { } slot || !cacheable)
            return FetchUncached(pc, physical);
        ulong pageInSlot = physical - slot.Start >> PageBits;
        slot.EnsurePresent(pageInSlot);
        DecodedPage page;
        lock (_accelerator.CodeGate)
        {
            if (_code.FindByHost(slot.HostAddress + (nint)(pageInSlot << PageBits)) is { } found)
            {
                page = found;
            }
            else
            {
                if (_code.Count >= DecodeCache.MaximumPageCount)
                    EmptyDecodeCache();
                page = _code.Add(slot, pageInSlot);
            }
        }

        _areTlbsEmpty = false;
        FetchEntry* entry = _fetch + (pc >> PageBits & FetchTlbMask);
        entry->Tag = pc & PageMask;
        entry->Records = page.Records;
        return page.Records;
    }

    /// <summary>A page that memory protection covers only in part, or of a device: one instruction at a time, each checked.</summary>
    private ulong* FetchUncached(ulong pc, ulong physical)
    {
        if (!ReadParcel(pc, physical, out uint bits))
            return null;
        if ((bits & 3) == 3)
        {
            if (!FetchParcel(pc + 2, out uint upper))
                return null;
            bits |= upper << 16;
        }

        int index = (int)(pc >> 1 & (InstructionDecoder.SlotsPerPage - 1));
        new Span<ulong>(_straddle, InstructionDecoder.SlotsPerPage).Fill(Op.PageEnd);
        _straddle[index] = InstructionDecoder.Decode(bits, index, allowNear: false);
        return _straddle;
    }

    private bool FetchParcel(ulong address, out uint parcel)
    {
        parcel = 0;
        return Translate(address, 2, AccessType.Fetch, out ulong physical, out _) && ReadParcel(address, physical, out parcel);
    }

    private bool ReadParcel(ulong address, ulong physical, out uint parcel)
    {
        if (_slots.Find(physical) is not { } slot)
        {
            bool read = ReadDevice(address, physical, sizeof(ushort), AccessType.Fetch, out ulong value);
            parcel = (uint)value;
            return read;
        }

        slot.EnsurePresent(physical - slot.Start >> PageBits);

        // SAFETY: the slot covers whole pages and the parcel is aligned.
        parcel = *(ushort*)(slot.HostAddress + (nint)(physical - slot.Start));
        return true;
    }

    /// <summary>Decodes the instruction at a page's last parcel, whose second half is on the next page.</summary>
    private ulong* FetchStraddling(ulong pc)
    {
        if (!FetchParcel(pc, out uint low) || !FetchParcel(pc + 2, out uint high))
            return null;
        _straddle[InstructionDecoder.SlotsPerPage - 1] =
            InstructionDecoder.Decode(high << 16 | low, InstructionDecoder.SlotsPerPage - 1, allowNear: false);
        return _straddle;
    }

    /// <summary>Decodes the record at <paramref name="ip"/>.</summary>
    /// <returns><see langword="false"/> when the page is no longer in use and has to be looked up again.</returns>
    private bool DecodeSlot(ulong* page, ulong* ip)
    {
        if (page == _straddle)
            return false;
        lock (_accelerator.CodeGate)
        {
            DecodedPage decoded = _code.FindByRecords(page);
            if (decoded.Slot is null)
                return false;
            if (!decoded.IsWatched)
                Watch(decoded);
            int index = (int)(ip - page);

            // SAFETY: index is below 2048, so both parcels lie in the page, which the slot covers.
            var parcels = (ushort*)decoded.HostAddress;
            uint bits = Volatile.Read(ref parcels[index]);
            if ((bits & 3) == 3)
            {
                if (index == InstructionDecoder.SlotsPerPage - 1)
                {
                    *ip = Op.Straddle;
                    return true;
                }

                bits |= (uint)Volatile.Read(ref parcels[index + 1]) << 16;
            }

            Volatile.Write(ref *ip, InstructionDecoder.Decode(bits, index, allowNear: true));
            return true;
        }
    }

    /// <summary>Has stores to the page caught from now on. Other harts may go on storing unseen until they acknowledge.</summary>
    private void Watch(DecodedPage page)
    {
        page.IsWatched = true;
        page.Slot!.MarkCode(page.PageInSlot);
        FlushWriteTlbs();
        long epoch = _accelerator.SafePoints.Advance();
        if (_accelerator.Harts.Count > 1)
            _recentlyWatched.Add((page, epoch));
    }

    /// <summary>
    /// FENCE.I. Stores to decoded pages are caught, with one gap: another hart may have stored without notice before it acknowledged
    /// that the page is watched. Such pages are decoded again.
    /// </summary>
    private void SynchronizeInstructions()
    {
        Interlocked.MemoryBarrier();
        if (_recentlyWatched.Count == 0)
            return;
        lock (_accelerator.CodeGate)
        {
            for (int i = _recentlyWatched.Count - 1; i >= 0; i--)
            {
                (DecodedPage page, long epoch) = _recentlyWatched[i];
                page.Clear();
                if (_accelerator.SafePoints.IsAcknowledged(epoch, except: _safePoint))
                    _recentlyWatched.RemoveAt(i);
            }
        }
    }

    private void EmptyDecodeCache()
    {
        _code.RemoveAll();
        _recentlyWatched.Clear();
        FlushFetchTlbs();
    }

    /// <summary>Reads the bits of the instruction at an address that was just executed; for the trap value of an illegal instruction.</summary>
    private uint ReadInstruction(ulong pc)
    {
        if (!FetchParcel(pc, out uint low))
        {
            _trapCause = TrapCause.None;
            return 0;
        }

        if ((low & 3) != 3)
            return low;
        if (FetchParcel(pc + 2, out uint high))
            return high << 16 | low;
        _trapCause = TrapCause.None;
        return 0;
    }
}
