namespace Godwit.Interop.Tests;

/// <content>F and D.</content>
internal sealed partial class IsaGenerator
{
    // funct5, and how the other fields are used: 'r' two sources and rounding, '3' funct3 chooses below the number, 'u' one source and rounding.
    private static readonly (uint Funct5, char Shape, int Choices)[] _arithmetic =
    [
        (0, 'r', 0), (1, 'r', 0), (2, 'r', 0), (3, 'r', 0), (0x0b, 'q', 0), (4, '3', 3), (5, '3', 2), (0x14, 'c', 3), (0x18, 'i', 4), (0x1a, 'w', 4),
        (8, 'x', 0), (0x1c, 'm', 2), (0x1e, 'n', 0),
    ];

    private void Float()
    {
        int choice = _values.Below(100);
        if (choice < 20)
        {
            uint opcode = _values.Pick<uint>(0x43, 0x47, 0x4b, 0x4f);
            Word(R(opcode, Rounding(), (uint)(Source() << 2) | (uint)_values.Below(2), Source(), Source(), Source()), "fma");
            return;
        }

        if (choice < 30)
        {
            uint width = 2 + (uint)_values.Below(2);
            if (_fetchesData || _values.Chance(50))
                Word(I(0x07, width, Source(), Pointer(), Offset()), "fload");
            else
                Word(S(0x27, width, Pointer(), Source(), Offset()), "fstore");
            return;
        }

        if (choice < 36)
        {
            FloatCsr();
            return;
        }

        FloatArithmetic();
    }

    private void FloatArithmetic()
    {
        (uint funct5, char shape, int choices) = _arithmetic[_values.Below(_arithmetic.Length)];
        uint format = (uint)_values.Below(2);
        uint funct7 = (funct5 << 2) | format;
        int f = Source();
        switch (shape)
        {
            case 'r':
                Word(R(0x53, Rounding(), funct7, f, Source(), _values.Chance(10) ? f : Source()), "farith");
                break;
            case 'q':
                Word(R(0x53, Rounding(), funct7, f, Source(), 0), "fsqrt");
                break;
            case '3':
                Word(R(0x53, (uint)_values.Below(choices), funct7, f, Source(), Source()), "fsgnj/fminmax");
                break;
            case 'c':
                Word(R(0x53, (uint)_values.Below(choices), funct7, Target(), Source(), Source()), "fcompare");
                break;
            case 'i':
                Word(R(0x53, Rounding(), funct7, Target(), Source(), _values.Below(choices)), "float to int");
                break;
            case 'w':
                Word(R(0x53, Rounding(), funct7, f, Source(), _values.Below(choices)), "int to float");
                break;
            case 'x':
                Word(R(0x53, Rounding(), funct7, f, Source(), (int)(1 - format)), "float to float");
                break;
            case 'm':
                Word(R(0x53, (uint)_values.Below(choices), funct7, Target(), Source(), 0), "fmv.x/fclass");
                break;
            default:
                Word(R(0x53, 0, funct7, f, Source(), 0), "fmv to f");
                break;
        }
    }

    private uint Rounding() => _values.Chance(50) ? 7 : (uint)(_values.Chance(95) ? _values.Below(5) : 5 + _values.Below(2));

    private void FloatCsr()
    {
        uint funct3 = _values.Pick<uint>(1, 2, 3, 5, 6, 7);
        Word(I(0x73, funct3, Target(), Source(), 1 + _values.Below(3)), "csr fflags/frm/fcsr");
    }
}
