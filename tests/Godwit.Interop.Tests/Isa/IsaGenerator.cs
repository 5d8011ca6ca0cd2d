namespace Godwit.Interop.Tests;

/// <summary>Makes random programs for the contract CPU. The same seed makes the same program.</summary>
/// <remarks>
/// Registers: <c>sp s0 s1 s2 s3</c> are pointers that stores go through, <c>s4</c> to <c>s9</c> hold constants; no instruction writes either kind,
/// but for small steps of pointers. Branches only go forward, so that a program ends.
/// </remarks>
internal sealed partial class IsaGenerator
{
    private static readonly int[] _pointers = [2, 8, 9, 18, 19];
    private static readonly int[] _targets = [0, 1, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 26, 27, 28, 29, 30, 31];
    private const int FirstConstant = 20;
    private const int LastConstant = 25;

    private readonly IsaValues _values;
    private readonly IsaProgram _program;
    private readonly int _maximumMode;
    private readonly bool _avoidsQuirks;
    private int _nextConstant = FirstConstant;
    private ulong _delegated;

    private IsaGenerator(IsaKind kind, long seed, ulong codeAddress, int maximumMode, bool avoidsQuirks, ulong mvector, ulong svector)
    {
        _values = new IsaValues(seed);
        _program = new IsaProgram(kind, seed, codeAddress);
        _maximumMode = maximumMode;
        _avoidsQuirks = avoidsQuirks;
        _program.SetCsr("mtvec", mvector | (uint)_values.Below(2));
        _program.SetCsr("stvec", svector | (uint)_values.Below(2));
    }

    /// <summary>Makes a program.</summary>
    /// <param name="kind">What it is about.</param>
    /// <param name="seed">Decides everything else.</param>
    /// <param name="codeAddress">Where its instructions will lie.</param>
    /// <param name="maximumMode">Largest satp mode of the CPU: 8 or 10.</param>
    /// <param name="avoidsQuirks">Whether programs keep away from what <see cref="IsaQuirks"/> is about.</param>
    /// <param name="mvector">The machine trap vector.</param>
    /// <param name="svector">The supervisor trap vector.</param>
    public static IsaProgram Generate(IsaKind kind, long seed, ulong codeAddress, int maximumMode, bool avoidsQuirks, ulong mvector, ulong svector)
    {
        var generator = new IsaGenerator(kind, seed, codeAddress, maximumMode, avoidsQuirks, mvector, svector);
        generator.Prepare();
        generator.Build();
        return generator._program;
    }

    private void Prepare()
    {
        IsaProgram p = _program;
        for (int i = 1; i < 32; i++)
            p.X[i] = p.Kind == IsaKind.Float && _values.Chance(30) ? _values.FloatRegister() : _values.Integer();
        for (int i = 0; i < 32; i++)
            p.F[i] = _values.FloatRegister();
        p.X[1] = 0;
        p.Mode = p.Kind switch
        {
            IsaKind.Integer or IsaKind.Float => _values.Pick(3, 3, 1, 0),
            IsaKind.Interrupt => _values.Pick(3, 3, 1, 0),
            _ => _values.Pick(0, 1, 3),
        };
        p.StartMode = p.Mode;
        p.ScratchSeed = _values.Next() | 1;
        p.Fcsr = (uint)_values.Below(32) | ((uint)(_values.Chance(85) ? _values.Below(5) : _values.Below(8)) << 5);

        // FS is on but for a few programs; SIE, SPIE, SPP, SUM, MXR, TVM, TW, TSR at random, MIE off.
        ulong status = 0xa_0000_0000 | (_values.Next() & 0x7c_0122);
        status |= (ulong)p.Mode << 11;
        if (p.Mode == 3 || !_values.Chance(30))
            status &= ~0x70_0000UL;
        status |= (_values.Chance(4) ? 0u : (ulong)(1 + _values.Below(3))) << 13;
        if (_avoidsQuirks && (status & 0x6000) != 0)
            status |= 0x6000;
        p.Status = status;


        // No address is 0: a range from 0 to 0 is empty, but QEMU takes it for all of memory.
        for (int i = 0; i < 15; i++)
            p.PmpAddress[i] = (ulong)(i + 1) << 10;
        p.PmpAddress[15] = ulong.MaxValue;
        p.PmpConfiguration[15] = 0x1f;

        // Fetch faults (1, 12) and calls from S (9) stay in M but where noted: then no handler can lose control.
        _delegated = _values.Chance(50) ? _values.Next() & 0xb1fd & ~0x1202UL : 0;
        p.SetCsr("medeleg", _delegated);
        p.SetCsr("mcounteren", _values.Next() & 7);
        p.SetCsr("scounteren", _values.Next() & 7);
        p.SetCsr("mcountinhibit", _values.Next() & 5);
        p.SetCsr("sscratch", _values.Next());
        p.SetCsr("mhpmevent3", _values.Next());
        PreparePointers();
        PrepareKind();
    }

    private void PrepareKind()
    {
        IsaProgram p = _program;
        switch (p.Kind)
        {
            case IsaKind.Paging:
                PreparePaging();
                break;
            case IsaKind.Pmp or IsaKind.LockedPmp:
                PreparePmp();
                break;
            case IsaKind.Csr:
                p.UsesPmp = true;
                p.SetCsr("medeleg", _delegated & 0x15d);
                if (_values.Chance(50))
                    PrepareTranslation(randomEntries: false);
                break;
            case IsaKind.Interrupt:
                PrepareInterrupts();
                break;
            default:
                if (p.Mode != 3 && _values.Chance(30))
                    PrepareTranslation(randomEntries: false);
                break;
        }
    }

    private void PreparePointers()
    {
        ulong scratch = IsaLayout.Scratch;
        ulong[] x = _program.X;
        x[2] = scratch + 0x2000 + (ulong)(_values.Below(64) * 16);
        x[8] = scratch + 0x1000 + (ulong)_values.Below(256);
        x[9] = scratch + _values.Pick<ulong>(0x1000, 0x2000, 0x3000) - (ulong)_values.Below(16);
        x[18] = scratch + 0x800 + (ulong)(_values.Below(0x600) * 8);
        x[19] = _values.Below(4) switch
        {
            0 => _values.Pick<ulong>(0, 0x9000_0000, 0xffff_ffff_8000_0000, 0x40_0000_0000, 0x8000_0000_8002_0000, 0x1_0000_0000_0000),
            1 => IsaLayout.Ram + (ulong)IsaLayout.RamBytes - (ulong)_values.Below(8),
            _ => scratch + 0x1000 + (ulong)(_values.Below(64) * 8),
        };
    }

    private void Build()
    {
        IsaProgram p = _program;
        int count = 10 + _values.Below(31);
        for (int i = 0; i < count && p.Length < IsaLayout.BodyBytes - 160; i++)
        {
            switch (p.Kind)
            {
                case IsaKind.Integer:
                    Mix(60, 6, 6, 20, 8);
                    break;
                case IsaKind.Float:
                    Mix(10, 75, 5, 6, 4);
                    break;
                case IsaKind.Csr:
                    Mix(15, 3, 75, 4, 3);
                    break;
                case IsaKind.Paging:
                    PagingStep();
                    break;
                case IsaKind.Pmp or IsaKind.LockedPmp:
                    PmpStep();
                    break;
                default:
                    InterruptStep();
                    break;
            }
        }

        // A program that is still in S or U cannot leave by itself; the handlers know the address behind the last instruction.
        if (_illegalReturn != 0)
            Word(_illegalReturn, "xret (illegal)");

        int end = p.Length;
        p.Emit(0x0000_0073, "ecall (end)");
        p.End = end;
    }

    private void Mix(int integer, int floating, int system, int compressed, int odd)
    {
        int choice = _values.Below(integer + floating + system + compressed + odd);
        if ((choice -= integer) < 0)
            Integer();
        else if ((choice -= floating) < 0)
            Float();
        else if ((choice -= system) < 0)
            SystemInstruction();
        else if ((choice - compressed) < 0)
            Compressed();
        else
            Odd();
    }

    private int Target() => _targets[_values.Below(_targets.Length)];

    private int Source() => _values.Below(32);

    private int Pointer() => _pointers[_values.Below(_pointers.Length)];

    /// <summary>A register that holds a value for the whole program; when all are taken, one of them.</summary>
    private int Constant(ulong value)
    {
        for (int i = FirstConstant; i < _nextConstant; i++)
        {
            if (_program.X[i] == value)
                return i;
        }

        if (_nextConstant > LastConstant)
            return -1;
        _program.X[_nextConstant] = value;
        return _nextConstant++;
    }

    private static bool IsTarget(int register) => Array.IndexOf(_targets, register) >= 0;

    private int Offset()
    {
        int offset = _values.Chance(70) ? (_values.Below(64) * 8) - 256 : _values.Below(4096) - 2048;
        return _isWordAligned ? offset & ~3 : offset;
    }

    private void Word(uint instruction, string text) => _program.Emit(instruction, text);
}
