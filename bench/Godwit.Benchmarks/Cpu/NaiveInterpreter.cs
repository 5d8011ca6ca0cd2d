using System.Buffers.Binary;

namespace Godwit.Benchmarks.Cpu;

/// <summary>The baseline: fetches and decodes each instruction when it is executed. Knows only what the loop of the benchmark needs.</summary>
internal sealed class NaiveInterpreter(byte[] memory, ulong baseAddress)
{
    private readonly ulong[] _x = new ulong[32];

    /// <summary>Runs from the base address until a store outside memory.</summary>
    public void Run()
    {
        ulong pc = baseAddress;
        while (true)
        {
            uint i = BinaryPrimitives.ReadUInt32LittleEndian(memory.AsSpan((int)(pc - baseAddress), 4));
            uint rd = i >> 7 & 31;
            ulong a = _x[i >> 15 & 31];
            ulong b = _x[i >> 20 & 31];
            var immediate = (ulong)((int)i >> 20);
            ulong next = pc + 4;
            ulong result = 0;
            bool writes = true;
            switch (i & 0x7f)
            {
                case 0x03 when (i >> 12 & 7) == 3:
                    result = BinaryPrimitives.ReadUInt64LittleEndian(memory.AsSpan((int)(a + immediate - baseAddress), 8));
                    break;
                case 0x23:
                    ulong address = a + (ulong)((int)i >> 25 << 5 | (int)(i >> 7 & 31));
                    if (address - baseAddress >= (ulong)memory.Length)
                        return;
                    BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan((int)(address - baseAddress), 8), b);
                    writes = false;
                    break;
                case 0x13 or 0x1b:
                    result = Immediate(i, a, immediate);
                    break;
                case 0x17:
                    result = pc + (ulong)(int)(i & 0xffff_f000);
                    break;
                case 0x37:
                    result = (ulong)(int)(i & 0xffff_f000);
                    break;
                case 0x33:
                    result = Register(i, a, b);
                    break;
                case 0x63:
                    writes = false;
                    if ((i >> 12 & 7) == 1 ? a != b : a == b)
                        next = pc + (ulong)((int)((i >> 8 & 0xf) << 1 | (i >> 25 & 0x3f) << 5 | (i >> 7 & 1) << 11) | (int)i >> 31 << 12);
                    break;
                default:
                    throw new InvalidOperationException($"{i:x8} is not in the loop");
            }

            if (writes && rd != 0)
                _x[rd] = result;
            pc = next;
        }
    }

    private static ulong Immediate(uint i, ulong a, ulong immediate)
    {
        ulong result = (i >> 12 & 7) switch
        {
            0 => a + immediate,
            1 => a << (int)immediate,
            5 => a >> (int)immediate,
            7 => a & immediate,
            _ => throw new InvalidOperationException($"{i:x8} is not in the loop"),
        };
        return (i & 0x7f) == 0x1b ? (ulong)(int)result : result;
    }

    private static ulong Register(uint i, ulong a, ulong b) => (i >> 12 & 7, i >> 25) switch
    {
        (0, 0) => a + b,
        (0, 0x20) => a - b,
        (4, 0) => a ^ b,
        (6, 0) => a | b,
        _ => throw new InvalidOperationException($"{i:x8} is not in the loop"),
    };
}
