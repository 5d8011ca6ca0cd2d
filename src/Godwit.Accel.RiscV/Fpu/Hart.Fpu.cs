namespace Godwit.Accel.RiscV;

/// <content>The F and D extensions: operand fetch, NaN boxing, rounding mode, flags, and the choice of operation.</content>
public sealed unsafe partial class Hart
{
    private const ulong BoxMask = 0xffff_ffff_0000_0000;

    private bool IsFpuOn => (_mstatus & MachineStatus.Fs) != 0;

    private bool MarkFpuDirty()
    {
        _mstatus |= MachineStatus.Fs;
        return true;
    }

    /// <summary>Adds the flags of an operation that writes no float register to the accrued ones.</summary>
    private bool Accrue(uint raised)
    {
        bool isNew = (raised & ~_fflags) != 0;
        _fflags |= raised;
        return !isNew || !_model.DirtiesFloatByFlags || MarkFpuDirty();
    }

    /// <summary>Executes a floating-point load, store or computation at <see cref="_pc"/>.</summary>
    /// <param name="record">The record.</param>
    /// <returns><see langword="false"/> with a trap noted, or with the instruction given up because the machine stops.</returns>
    private bool ExecuteFp(ulong record)
    {
        var op = (byte)record;
        if (!IsFpuOn)
        {
            RaiseTrap(TrapCause.IllegalInstruction, op == Op.FpArithmetic ? (uint)(record >> 32) : ReadInstruction(_pc));
            return false;
        }

        if (op == Op.FpArithmetic)
        {
            uint instruction = (uint)(record >> 32);
            if (ExecuteFpArithmetic(instruction))
                return true;
            RaiseTrap(TrapCause.IllegalInstruction, instruction);
            return false;
        }

        ulong address = _x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
        switch (op)
        {
            case Op.Flw or Op.Fld:
                if (!ReadMemory(address, op == Op.Flw ? 4 : 8, out ulong value))
                    return false;
                _f[(byte)(record >> 8)] = op == Op.Flw ? value | BoxMask : value;
                return MarkFpuDirty();
            default:
                return WriteMemory(address, op == Op.Fsw ? 4 : 8, _f[record >> 24 & 31]);
        }
    }

    private bool ExecuteFpArithmetic(uint i)
    {
        uint opcode = i & 0x7f;
        uint format = i >> 25 & 3;
        if (format > 1)
            return false;
        bool isDouble = format == 1;
        if (opcode != 0x53)
            return TryGetRounding(i, out int mode) && ExecuteMultiplyAdd(i, opcode, isDouble, mode);
        uint rs2 = i >> 20 & 0x1f;
        uint funct3 = i >> 12 & 7;
        switch (i >> 27)
        {
            case 0x00 or 0x01 or 0x02 or 0x03:
                return ExecuteBasic(i, isDouble);
            case 0x0b:
                return rs2 == 0 && ExecuteBasic(i, isDouble);
            case 0x04:
                return funct3 < 3 && ExecuteSignInjection(i, funct3, isDouble);
            case 0x05:
                return funct3 < 2 && ExecuteMinimumMaximum(i, funct3 == 1, isDouble);
            case 0x08:
                return rs2 == (isDouble ? 0u : 1u) && ExecuteFormatConversion(i, isDouble);
            case 0x14:
                return funct3 < 3 && ExecuteComparison(i, funct3, isDouble);
            case 0x18:
                return rs2 < 4 && ExecuteToInteger(i, rs2, isDouble);
            case 0x1a:
                return rs2 < 4 && ExecuteFromInteger(i, rs2, isDouble);
            case 0x1c:
                return rs2 == 0 && funct3 < 2 && ExecuteMoveToInteger(i, funct3, isDouble);
            case 0x1e:
                return rs2 == 0 && funct3 == 0 && ExecuteMoveFromInteger(i, isDouble);
            default:
                return false;
        }
    }

    private bool ExecuteMultiplyAdd(uint i, uint opcode, bool isDouble, int mode)
    {
        FloatFormat format = isDouble ? FloatFormat.Double : FloatFormat.Single;
        bool negateProduct = opcode is 0x4b or 0x4f;
        bool negateAddend = opcode is 0x47 or 0x4f;
        WriteResult(i, isDouble, SoftFloat.MultiplyAdd(
            Operand(i >> 15, isDouble), Operand(i >> 20, isDouble), Operand(i >> 27, isDouble),
            negateProduct, negateAddend, format, mode, ref _fflags));
        return true;
    }

    private bool ExecuteBasic(uint i, bool isDouble)
    {
        if (!TryGetRounding(i, out int mode))
            return false;
        FloatFormat format = isDouble ? FloatFormat.Double : FloatFormat.Single;
        ulong a = Operand(i >> 15, isDouble);
        ulong b = Operand(i >> 20, isDouble);
        WriteResult(i, isDouble, (i >> 27) switch
        {
            0 => SoftFloat.Add(a, b, subtract: false, format, mode, ref _fflags),
            1 => SoftFloat.Add(a, b, subtract: true, format, mode, ref _fflags),
            2 => SoftFloat.Multiply(a, b, format, mode, ref _fflags),
            3 => SoftFloat.Divide(a, b, format, mode, ref _fflags),
            _ => SoftFloat.SquareRoot(a, format, mode, ref _fflags),
        });
        return true;
    }

    private bool ExecuteSignInjection(uint i, uint funct3, bool isDouble)
    {
        ulong sign = isDouble ? FloatFormat.Double.SignBit : FloatFormat.Single.SignBit;
        ulong a = Operand(i >> 15, isDouble);
        ulong b = Operand(i >> 20, isDouble);
        WriteResult(i, isDouble, funct3 switch
        {
            0 => (a & ~sign) | (b & sign),
            1 => (a & ~sign) | (~b & sign),
            _ => a ^ (b & sign),
        });
        return true;
    }

    private bool ExecuteMinimumMaximum(uint i, bool maximum, bool isDouble)
    {
        FloatFormat format = isDouble ? FloatFormat.Double : FloatFormat.Single;
        ulong a = Operand(i >> 15, isDouble);
        ulong b = Operand(i >> 20, isDouble);
        WriteResult(i, isDouble, FloatCompare.MinimumMaximum(a, b, maximum, format, ref _fflags));
        return true;
    }

    private bool ExecuteFormatConversion(uint i, bool toDouble)
    {
        if (!TryGetRounding(i, out int mode))
            return false;
        FloatFormat from = toDouble ? FloatFormat.Single : FloatFormat.Double;
        FloatFormat to = toDouble ? FloatFormat.Double : FloatFormat.Single;
        WriteResult(i, toDouble, SoftFloat.Convert(Operand(i >> 15, !toDouble), from, to, mode, ref _fflags));
        return true;
    }

    private bool ExecuteComparison(uint i, uint funct3, bool isDouble)
    {
        FloatFormat format = isDouble ? FloatFormat.Double : FloatFormat.Single;
        ulong a = Operand(i >> 15, isDouble);
        ulong b = Operand(i >> 20, isDouble);
        uint raised = 0;
        bool result = funct3 switch
        {
            0 => FloatCompare.IsLessOrEqual(a, b, format, ref raised),
            1 => FloatCompare.IsLess(a, b, format, ref raised),
            _ => FloatCompare.IsEqual(a, b, format, ref raised),
        };
        WriteInteger(i, result ? 1UL : 0UL);
        return Accrue(raised);
    }

    private bool ExecuteToInteger(uint i, uint kind, bool isDouble)
    {
        if (!TryGetRounding(i, out int mode))
            return false;
        FloatFormat format = isDouble ? FloatFormat.Double : FloatFormat.Single;
        bool isWord = kind < 2;
        uint raised = 0;
        ulong value = SoftFloat.ToInteger(
            Operand(i >> 15, isDouble), format, isWord ? 32 : 64, signed: (kind & 1) == 0, mode, ref raised);
        WriteInteger(i, isWord ? (ulong)(int)value : value);
        return Accrue(raised);
    }

    private bool ExecuteFromInteger(uint i, uint kind, bool isDouble)
    {
        if (!TryGetRounding(i, out int mode))
            return false;
        FloatFormat format = isDouble ? FloatFormat.Double : FloatFormat.Single;
        ulong raw = _x[i >> 15 & 0x1f];
        ulong value = kind switch { 0 => (ulong)(int)raw, 1 => (uint)raw, _ => raw };
        bool negative = (kind & 1) == 0 && (long)value < 0;
        WriteResult(i, isDouble, SoftFloat.FromInteger(negative, negative ? 0 - value : value, format, mode, ref _fflags));
        return true;
    }

    private bool ExecuteMoveToInteger(uint i, uint funct3, bool isDouble)
    {
        ulong raw = _f[i >> 15 & 0x1f];
        if (funct3 == 1)
            WriteInteger(i, FloatCompare.Classify(Operand(i >> 15, isDouble), isDouble ? FloatFormat.Double : FloatFormat.Single));
        else
            WriteInteger(i, isDouble ? raw : (ulong)(int)raw);
        return true;
    }

    private bool ExecuteMoveFromInteger(uint i, bool isDouble)
    {
        WriteResult(i, isDouble, isDouble ? _x[i >> 15 & 0x1f] : (uint)_x[i >> 15 & 0x1f]);
        return true;
    }

    /// <summary>Finds the rounding mode of an instruction; reserved values are illegal even where nothing rounds.</summary>
    private bool TryGetRounding(uint i, out int mode)
    {
        mode = (int)(i >> 12 & 7);
        if (mode == RoundingMode.Dynamic)
            mode = (int)_frm;
        return mode <= RoundingMode.NearestAway;
    }

    /// <summary>Reads an operand; a single that is not NaN-boxed counts as the canonical NaN.</summary>
    private ulong Operand(uint field, bool isDouble)
    {
        ulong raw = _f[field & 0x1f];
        if (isDouble)
            return raw;
        return (raw & BoxMask) == BoxMask ? (uint)raw : FloatFormat.Single.CanonicalNaN;
    }

    private void WriteResult(uint i, bool isDouble, ulong value)
    {
        _f[i >> 7 & 0x1f] = isDouble ? value : value | BoxMask;
        MarkFpuDirty();
    }

    private void WriteInteger(uint i, ulong value)
    {
        uint rd = i >> 7 & 0x1f;
        _x[rd == 0 ? Record.Sink : rd] = value;
    }
}
