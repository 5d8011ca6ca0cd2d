namespace Godwit.Interop.Tests;

/// <content>CSRs, traps, returns, interrupts.</content>
internal sealed partial class IsaGenerator
{
    private static readonly int[] _existing =
    [
        0x001, 0x002, 0x003, 0xc00, 0xc01, 0xc02, 0x100, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x142, 0x143, 0x144, 0x180,
        0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306, 0x30a, 0x320, 0x323, 0x32a, 0x33f, 0x340, 0x341, 0x342, 0x343, 0x344, 0x3a0, 0x3a2,
        0x3b0, 0x3b1, 0x3b7, 0x3bf, 0xb00, 0xb02, 0xf11, 0xf12, 0xf13, 0xf14, 0xf15,
    ];

    private void SystemInstruction()
    {
        switch (_values.Below(20))
        {
            case 0:
                Word(0x0000_0073, "ecall");
                break;
            case 1:
                Word(_values.Chance(50) ? 0x0010_0073u : 0x9002u, "ebreak");
                break;
            case 2:
                Word(R(0x73, 0, 9, 0, Source(), Source()), "sfence.vma");
                break;
            case 3:
                Return();
                break;
            case 4:
                Word(_values.Pick<uint>(0x0000_100f, 0x0ff0_000f, 0x8330_000f, 0x0100_000f), "fence");
                break;
            case 5 when _program.Mode == 0 || (_program.Mode == 1 && (_program.Status & 0x20_0000) != 0):
                if (_program.Kind is not (IsaKind.Csr or IsaKind.Interrupt))
                    Word(0x1050_0073, "wfi (illegal)");
                break;
            default:
                Csr(_values.Chance(70) ? _existing[_values.Below(_existing.Length)] : _values.Below(4096));
                break;
        }
    }

    private void Csr(int number)
    {
        uint funct3 = _values.Pick<uint>(1, 2, 3, 5, 6, 7);
        int rd = Target();
        int source = Source();
        switch (number)
        {
            case >= 0x3a0 and <= 0x3ef when _program.Kind == IsaKind.Paging:
                return; // its handlers must stay reachable from S
            case 0x105 or 0x305:
                Bracketed(number, 1, Source());
                return;
            case 0x302 or 0x303: // delegation changes while M looks at it, and back
                Bracketed(number, funct3, source);
                return;
            case 0x180:
                source = SatpSource();
                funct3 = source == 0 ? 2u : 1;
                break;
            case 0x100 or 0x300:
                if (!StatusAccess(number, ref funct3, ref source))
                    return;
                break;
            case >= 0x3b0 and <= 0x3ef:
                _program.UsesPmp = true;
                funct3 = _values.Pick<uint>(1, 2);
                source = Constant(_values.Next() | 1);
                if (source < 0)
                    return;
                break;
            case >= 0x3a0 and <= 0x3af:
                _program.UsesPmp = true;
                ulong rights = _values.Next() & 0x1f1f_1f1f_1f1f_1f1f;
                source = Constant(rights | (rights & 0x0202_0202_0202_0202) >> 1);
                funct3 = _values.Pick<uint>(1, 2);
                if (source < 0)
                    return;
                break;
        }

        Word(I(0x73, funct3, rd, source, number), FormattableString.Invariant($"csr {number:x}"));
        if (number is 0xb00 or 0xb02 or 0xc00 or 0xc01 or 0xc02 && rd != 0)
            Word(I(0x13, 0, rd, 0, 0), "li 0 (host time)");
    }

    /// <summary>Writes a register that the harness needs, reads it back and restores it.</summary>
    private void Bracketed(int number, uint funct3, int source)
    {
        if (source is 5 or 6)
            source = 7;
        Word(I(0x73, 2, 5, 0, number), FormattableString.Invariant($"csrr {number:x}"));
        Word(I(0x73, funct3, 6, source, number), FormattableString.Invariant($"csr {number:x}"));
        Word(I(0x73, 1, 6, 5, number), FormattableString.Invariant($"csrw {number:x} (restore)"));
    }

    private uint _illegalReturn;

    private int SatpSource()
    {
        ulong current = _program.Csrs[0];
        ulong value = _values.Below(5) switch
        {
            0 => current,
            1 => ((ulong)(1 + _values.Below(7)) << 60) | (_values.Next() >> 4), // modes that do not exist
            2 => (11UL << 60) | (_values.Next() >> 8),
            3 when _program.Mode != 0 && !_program.IsTranslated => _values.Next() >> 4, // mode 0 with the other fields set
            _ => (current & ~(0xffffUL << 44)) | ((_values.Next() & 0xffff) << 44),
        };

        // The register of a program that runs untranslated must not get another mode while it is there.
        if (!_program.IsTranslated && value >> 60 >= 8 && value >> 60 <= 10)
            value = 0;
        return Math.Max(0, Constant(value));
    }

    private bool StatusAccess(int number, ref uint funct3, ref int source)
    {
        // TSR is left to those programs that start in S. UXL stays 2; MIE is left to the programs about interrupts.
        ulong bits = _values.Next() & (number == 0x300 ? 0x8000_0000_003f_f9ffUL : 0x8000_0000_000d_e7ffUL);
        if (_program.Kind != IsaKind.Interrupt)
            bits &= ~8UL;
        bool set = _values.Chance(50);
        if (_values.Chance(40))
        {
            funct3 = 1;
            bits |= 0xa_0000_0000;
        }
        else
        {
            funct3 = set ? 2u : 3u;
        }


        // Without TVM every change of an entry is followed by a fence that works.
        if (_program.Kind == IsaKind.Paging)
            bits &= ~0x10_0000UL;
        source = Constant(bits);
        return source >= 0;
    }

    /// <summary>Goes to another mode, or traps when the mode is not allowed to.</summary>
    private void Return()
    {
        IsaProgram p = _program;
        bool fromMachine = _values.Chance(60);
        if (p.Mode == 0 || (p.Mode == 1 && (fromMachine || (p.Status & 0x40_0000) != 0)))
        {
            // What QEMU reports as the value of this trap is left over from an earlier one. So it comes last, where nothing can read it.
            _illegalReturn = fromMachine ? 0x3020_0073u : 0x1020_0073u;
            return;
        }

        // The program goes on after the return, 20 bytes further: csrw, csrc, csrs, xret, all of 4 bytes.
        int target = fromMachine ? _values.Pick(0, 1, 3) : _values.Pick(0, 1);
        if (p.IsTranslated && p.Mode == 3 && target == 0 && fromMachine == false)
            target = 1;
        int resume = p.Length + 16;
        int address = Constant(p.AddressOf(resume, target));
        int mask = Constant(fromMachine ? 0x1800UL : 0x40_0100UL & (p.Mode == 3 ? ulong.MaxValue : 0x100));
        int value = Constant(fromMachine ? (ulong)target << 11 : (ulong)target << 8);
        if (address < 0 || mask < 0 || value < 0)
            return;
        Word(I(0x73, 1, 0, address, fromMachine ? 0x341 : 0x141), "csrw xepc");
        Word(I(0x73, 3, 0, mask, fromMachine || p.Mode == 3 ? 0x300 : 0x100), "csrc status");
        Word(I(0x73, 2, 0, value, fromMachine || p.Mode == 3 ? 0x300 : 0x100), "csrs status");
        Word(fromMachine ? 0x3020_0073u : 0x1020_0073u, FormattableString.Invariant($"xret to {target}"));
        p.Mode = target;
    }

    private void PrepareInterrupts()
    {
        IsaProgram p = _program;
        p.TimeCompare = _values.Chance(50) ? 0 : ulong.MaxValue;
        p.SoftwareInterrupt = _values.Chance(50) ? 1u : 0;
        p.SetCsr("mideleg", _values.Next() & 0x222);
        p.SetCsr("mip", _values.Next() & 0x222);
        p.SetCsr("mie", _values.Next() & 0xaaa);
        if (_values.Chance(70))
            p.Status |= 0x80; // MPIE: on after the harness has entered the program
        if (p.Mode != 3 && _values.Chance(30))
            PrepareTranslation(randomEntries: false);
    }

    private void InterruptStep()
    {
        IsaProgram p = _program;
        switch (_values.Below(12))
        {
            case 0:
                Csr(_values.Pick(0x300, 0x100));
                break;
            case < 3:
                InterruptCsr(0x304);
                break;
            case < 5:
                InterruptCsr(0x344);
                break;
            case 5:
                InterruptCsr(_values.Pick(0x104, 0x144));
                break;
            case 6 when p.Mode == 3:
                InterruptCsr(0x303);
                break;
            case 7:
                Return();
                break;
            case 8 when p.Mode == 3 && p.TimeCompare == 0:
                // Pending and enabled, whether it is taken or not.
                int enable = Constant(8);
                int timer = Constant(0x80);
                if (enable < 0 || timer < 0)
                    break;
                Word(I(0x73, 3, 0, enable, 0x300), "csrc mstatus, MIE");
                Word(I(0x73, 2, 0, timer, 0x304), "csrs mie, MTIE");
                Word(0x1050_0073, "wfi");
                break;
            default:
                Mix(60, 10, 5, 25, 0);
                break;
        }
    }

    private void InterruptCsr(int number)
    {
        ulong allowed = number == 0x303 || number == 0x344 || number == 0x144 ? 0x222u : 0xaaau;
        int source = Constant(_values.Next() & allowed);
        if (source >= 0)
            Word(I(0x73, _values.Pick<uint>(1, 2, 3), Target(), source, number), FormattableString.Invariant($"csr {number:x}"));
    }
}
