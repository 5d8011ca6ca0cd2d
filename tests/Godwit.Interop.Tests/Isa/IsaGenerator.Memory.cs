namespace Godwit.Interop.Tests;

/// <content>Translation tables and physical memory protection.</content>
internal sealed partial class IsaGenerator
{
    private const ulong PointerEntry = 1;
    private const ulong CodeEntry = 0xcf; // V R W X A D
    private const ulong UserCodeEntry = 0xdf;

    private readonly List<ulong> _addresses = [];
    private int _tablesUsed;

    private int Levels => (int)(_program.Csrs[0] >> 60) - 5;

    /// <summary>Turns translation on with the two gigapages that every program needs: RAM for S at its own address, RAM for U at its alias.</summary>
    private void PrepareTranslation(bool randomEntries)
    {
        IsaProgram p = _program;
        int mode = _maximumMode == 8 ? 8 : _values.Pick(8, 9, 9, 10, 10);
        ulong root = NewTable();
        p.IsTranslated = true;
        p.SetCsr("satp", ((ulong)mode << 60) | ((_values.Next() & 0xffff) << 44) | (root >> 12));

        // Sv48 and Sv57: one or two levels of pointers above the table of gigapages.
        ulong table = root;
        for (int level = mode - 5; level > 3; level--)
        {
            ulong next = NewTable();
            p.Pokes[table] = (next >> 2) | PointerEntry;
            if (randomEntries && _values.Chance(50))
                RandomEntry(table, _values.Pick(1, 255, 256, 511), level - 1);
            table = next;
        }

        p.Pokes[table + (8 * 2)] = (IsaLayout.Ram >> 2) | CodeEntry;
        p.Pokes[table + 8] = (IsaLayout.Ram >> 2) | UserCodeEntry;
        if (p.Mode == 0)
        {
            foreach (int pointer in _pointers)
            {
                if (p.X[pointer] >= IsaLayout.Ram && p.X[pointer] < IsaLayout.Ram + (ulong)IsaLayout.RamBytes)
                    p.X[pointer] -= IsaLayout.Ram - IsaLayout.UserAlias;
            }
        }

        if (randomEntries)
            FillRandom(table, 2);
        _gigapages = table;
    }

    private void ChooseFetching()
    {
        _fetchesData = _values.Chance(40);
        if (_fetchesData)
            _program.ScratchSeed = 0;
    }

    private ulong _gigapages;
    private bool _fetchesData;

    // A misaligned access may have a 4-byte range in its middle. QEMU looks at the first and the last byte only, so such programs have no
    // accesses that are not aligned to 4, or no ranges that are shorter than 8.
    private bool _isWordAligned;

    // Whether a misaligned atomic on a page that can be written but not read (a reserved combination) is an access fault or misaligned depends
    // on QEMU's TLB: such rights go with aligned atomics.
    private bool _hasWriteOnly;

    private ulong NewTable() => IsaLayout.Tables + ((ulong)_tablesUsed++ << 12);

    /// <summary>Puts random entries into a table; pages reached through them are scratch pages.</summary>
    private void FillRandom(ulong table, int level)
    {
        int[] places = level switch { 2 => [0, 3, 255, 256, 511], 1 => [0, 511], _ => [0x20, 0x21, 0x22, 0x23, 0x24] };
        foreach (int place in places)
        {
            if (_program.Pokes.Count < IsaLayout.MaximumPokes - 2 && !_values.Chance(20))
                RandomEntry(table, place, level);
        }
    }

    private void RandomEntry(ulong table, int place, int level)
    {
        ulong address = table + (8 * (ulong)place);
        if (_program.Pokes.ContainsKey(address) || _program.Pokes.Count >= IsaLayout.MaximumPokes)
            return;
        if (_values.Chance(level == 0 ? 4 : 60) && _tablesUsed < IsaLayout.TableCount)
        {
            ulong next = NewTable();
            ulong pointer = (next >> 2) | PointerEntry;
            if (_values.Chance(12))
                pointer |= _values.Pick<ulong>(0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 1UL << 54, 1UL << 61, 1UL << 63);
            _program.Pokes[address] = pointer;
            if (level > 0)
                FillRandom(next, Math.Min(level - 1, 2));
            return;
        }

        ulong frame = level switch
        {
            0 => _values.Chance(85) ? (IsaLayout.Scratch >> 12) + (ulong)_values.Below(4) : _values.Pick(0x9_0000UL, 0x100_0000UL, _values.Next() >> 20 | 1UL << 36),
            1 => _values.Chance(80) ? IsaLayout.Ram >> 12 : _values.Pick<ulong>(0x8_0001, 0x8_0100, 0, 0x9_0000),
            2 => _values.Chance(80) ? IsaLayout.Ram >> 12 : _values.Pick<ulong>(0x8_0001, 0x8_0200, 0, 0xc_0000),
            _ => _values.Pick<ulong>(0, 0x8_0000, 1UL << 27, 1UL << 36),
        };
        frame &= (1UL << 44) - 1;
        ulong flags = _values.Chance(70) ? _values.Pick<ulong>(0xcf, 0xdf, 0x0f, 0x1f, 0x43, 0x47, 0x53, 0x49, 0x59, 0x5b, 0x17, 0x07) : _values.Next() & 0x3ff;
        ulong entry = (frame << 10) | flags;
        if (_values.Chance(6))
            entry |= _values.Pick<ulong>(1UL << 54, 1UL << 58, 1UL << 60, 1UL << 61, 1UL << 62, 1UL << 63);

        // A table where there is no memory is an access fault by the manual and on Godwit, a page fault on QEMU.
        if (IsPointer(entry) && !IsInRam(entry))
            entry = (entry & ~(((1UL << 44) - 1) << 10)) | (IsaLayout.Ram >> 2);
        _program.Pokes[address] = entry;
    }

    private static bool IsPointer(ulong entry) => (entry & 0xf) == 1;

    private static bool IsInRam(ulong entry) =>
        (entry << 2 & 0xff_ffff_ffff_f000) is >= IsaLayout.Ram and < IsaLayout.Ram + (ulong)IsaLayout.RamBytes;

    private void PreparePaging()
    {
        IsaProgram p = _program;
        PrepareTranslation(randomEntries: true);
        ChooseFetching();

        // The handlers' pages are always there: every fault may go to S.
        if (_values.Chance(50))
            p.SetCsr("medeleg", _values.Next() & 0xb1ff & ~0x200UL);
        int levels = Levels;
        for (int i = 0; i < 5; i++)
            _addresses.Add(RandomAddress(levels));
        if (p.Mode == 3)
            p.Status |= _values.Chance(30) ? 0x2_0000u : 0;
        foreach (int pointer in _pointers)
        {
            if (pointer != 2)
                p.X[pointer] = RandomAddress(levels);
        }
    }

    private ulong RandomAddress(int levels)
    {
        ulong address = 0;
        for (int level = levels - 1; level >= 0; level--)
        {
            int place = level switch
            {
                > 2 => _values.Chance(80) ? 0 : _values.Pick(1, 255, 256, 511),
                2 => _values.Pick(0, 3, 255, 256, 511, 2, 1),
                1 => _values.Chance(75) ? 0 : 511,
                _ => _values.Pick(0x20, 0x21, 0x22, 0x23, 0x23, 0x24),
            };

            // Through the two fixed gigapages only to the scratch pages.
            if (level < 2 && (address >> 21 & 0x1ff) != 0 && level == 0)
                place = _values.Pick(0x20, 0x21, 0x22, 0x23);
            address = address << 9 | (uint)place;
        }

        address = address << 12 | _values.Pick<ulong>(0, 8, 0xff8, 0xffc, 0xffd, 0xfff, 0x7f0, 0xffe);
        int unused = 64 - 12 - (9 * levels);
        address = (ulong)((long)address << unused >> unused);
        if (_values.Chance(5))
            address ^= 1UL << _values.Pick(38, 39, 47, 56, 57, 63);
        return address;
    }

    private void PagingStep()
    {
        int choice = _values.Below(20);
        int pointer = Pointer();
        switch (choice)
        {
            case < 6:
                Word(I(0x03, (uint)_values.Below(7), Target(), pointer, SmallOffset()), "load");
                break;
            case < 10:
                Word(S(0x23, (uint)_values.Below(4), pointer, StoreData(), SmallOffset()), "store");
                break;
            case 10:
                Word(_fetchesData || _values.Chance(50) ? I(0x07, 3, Source(), pointer, SmallOffset()) : S(0x27, 3, pointer, Source(), SmallOffset()), "fp memory");
                break;
            case < 13:
                AtomicAt(pointer);
                break;
            case < 15 when _fetchesData:
                Word(I(0x67, 0, 1, pointer, SmallOffset()), "jalr into data");
                break;
            case 15:
                Csr(_values.Pick(0x100, 0x300, 0x180));
                break;
            case 16:
                Word(R(0x73, 0, 9, 0, Source(), Source()), "sfence.vma");
                break;
            case 17:
                ChangeEntry();
                break;
            case 18:
                Return();
                break;
            default:
                Mix(60, 10, 10, 20, 0);
                break;
        }
    }

    private int SmallOffset() => _isWordAligned ? _values.Pick(0, 0, 4, 8, -4, -8) : _values.Pick(0, 0, 0, 1, 2, 4, 8, -1, -4, -8);

    private void AtomicAt(int pointer)
    {
        int address = _hasWriteOnly || _values.Chance(70) ? 5 : pointer;
        if (address == 5)
            Word(I(0x13, 7, 5, pointer, -8), "andi");
        Word(R(0x2f, 2 + (uint)_values.Below(2), _values.Pick<uint>(0, 4, 8, 12, 16, 112), Target(), address, 0), "amo/lr/sc with x0");
    }

    /// <summary>Changes an entry in memory and fences, from S or M.</summary>
    private void ChangeEntry()
    {
        IsaProgram p = _program;
        if (p.Mode == 0 || (p.Status & 0x10_0000) != 0)
            return;
        ulong[] entries = [.. p.Pokes.Where(e => e.Key != _gigapages + 8 && e.Key != _gigapages + 16 && IsInRam(e.Value)).Select(e => e.Key)];
        if (entries.Length == 0)
            return;
        int address = Constant(entries[_values.Below(entries.Length)]);
        int bits = Constant(_values.Pick<ulong>(1, 2, 4, 8, 0x10, 0x40, 0x80, 0x41, 0xc1));
        if (address < 0 || bits < 0 || entries.Contains(p.X[bits]))
            return;

        // Not the tables on the way to the fixed gigapages.
        if (p.Pokes[p.X[address]] is var old && (old & 0xf) == 1 && Levels > 3 && (p.X[address] & 0xfff) == 0 && p.X[address] < _gigapages)
            return;

        // M with MPRV would store through the tables.
        Word(I(0x73, 3, 0, Constant(0x2_0000) is var mprv && mprv >= 0 ? mprv : 0, 0x300), "csrc mstatus, MPRV");
        if (mprv < 0)
            return;
        Word(R(0x2f, 3, 4 << 2, 0, address, bits), "amoxor.d entry");
        Word(0x1200_0073, "sfence.vma");
    }

    private void PreparePmp()
    {
        IsaProgram p = _program;
        p.UsesPmp = true;
        p.SetCsr("medeleg", _values.Chance(50) ? 0u : _values.Next() & 0x15d);
        ulong scratch = IsaLayout.Scratch;
        _hasWriteOnly = _values.Chance(50);
        _isWordAligned = p.Kind == IsaKind.LockedPmp || _values.Chance(50);
        for (int i = 0; i < 8; i++)
        {
            ulong start = scratch + 0x1000 + (_values.Chance(50) ? (ulong)(_values.Below(16) * 4) : (ulong)(_values.Below(0x800) * 4));
            int kind = _values.Below(4);
            if (!_isWordAligned)
            {
                start &= ~15UL;
                kind = _values.Pick(0, 1, 3);
            }

            p.PmpConfiguration[i] = (byte)((kind << 3) | Rights());
            p.PmpAddress[i] = start >> 2;
            if (kind == 3)
            {
                int ones = _values.Pick(0, 0, 1, 2, 3, 8, 9, 10);
                p.PmpAddress[i] = ((start >> 2) & ~((1UL << (ones + 1)) - 1)) | ((1UL << ones) - 1);
            }
        }

        if (p.Kind == IsaKind.LockedPmp)
            LockSome();
        ChooseFetching();
        foreach (int pointer in _pointers)
        {
            p.X[pointer] = scratch + (p.Kind == IsaKind.LockedPmp ? (uint)IsaLayout.ScratchBytes + 0x1000 : 0x1000u) + (_values.Chance(70) ? (ulong)_values.Below(96) : (ulong)_values.Below(0x2000));
            if (_isWordAligned)
                p.X[pointer] &= ~3UL;
            if (_avoidsQuirks && (p.X[pointer] & 0xfff) is < 0x40 or > 0xfc0)
                p.X[pointer] += 0x80;
        }

        if (p.Mode == 3 && _values.Chance(60))
            p.Status |= 0x2_0000;
        if (p.Mode != 3 && _values.Chance(30))
            PrepareTranslation(randomEntries: false);
    }

    /// <summary>Locked entries bind M as well; they must leave the harness alone, so they go into the pages behind the scratch memory.</summary>
    private void LockSome()
    {
        IsaProgram p = _program;
        for (int i = 0; i < 8; i++)
        {
            int kind = _values.Pick(0, 2, 3);
            ulong start = IsaLayout.Scratch + IsaLayout.ScratchBytes + 0x1000 + (ulong)(_values.Below(16) * 4);
            p.PmpConfiguration[i] = (byte)((_values.Chance(25) ? 0x80 : 0) | (kind << 3) | Rights());
            p.PmpAddress[i] = kind == 3 ? (start >> 2 & ~1UL) : start >> 2;
        }
    }

    private void PmpStep()
    {
        int choice = _values.Below(20);
        int pointer = Pointer();
        switch (choice)
        {
            case < 7:
                Word(I(0x03, (uint)_values.Below(7), Target(), pointer, SmallOffset()), "load");
                break;
            case < 12:
                Word(S(0x23, (uint)_values.Below(4), pointer, StoreData(), SmallOffset()), "store");
                break;
            case 12:
                AtomicAt(pointer);
                break;
            case < 15 when _fetchesData:
                Word(I(0x67, 0, 1, pointer, SmallOffset()), "jalr into data");
                break;
            case 15 when _program.Mode == 3:
                PmpWrite();
                break;
            case 16 when _program.Mode == 3:
                Csr(0x300);
                break;
            case 17:
                Return();
                break;
            default:
                Mix(70, 5, 0, 25, 0);
                break;
        }
    }

    private int Rights()
    {
        int rights = _values.Below(8);
        return (rights & 3) == 2 && !_hasWriteOnly ? rights | 1 : rights;
    }

    private void PmpWrite()
    {
        // Entry 15 keeps all memory open for S and U, so that programs get somewhere.
        if (!_isWordAligned)
            return;
        if (_values.Chance(50))
        {
            ulong bits = _values.Next() & 0x1f1f_1f1f_1f1f_1f1f;
            if (!_hasWriteOnly)
                bits |= (bits & 0x0202_0202_0202_0202) >> 1;
            int configuration = Constant(bits);
            if (configuration >= 0)
                Word(I(0x73, 1, Target(), configuration, 0x3a0), "csrw pmpcfg0");
            return;
        }

        int address = Constant((IsaLayout.Scratch + 0x1000 + (ulong)_values.Below(256)) >> 2);
        if (address >= 0)
            Word(I(0x73, _values.Pick<uint>(1, 1, 2), Target(), address, 0x3b0 + _values.Below(8)), "csr pmpaddr");
    }
}
