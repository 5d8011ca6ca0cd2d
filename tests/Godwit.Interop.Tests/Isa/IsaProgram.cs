using System.Buffers.Binary;

namespace Godwit.Interop.Tests;

/// <summary>One generated program: instructions and everything they start from.</summary>
internal sealed class IsaProgram
{
    private readonly List<byte> _code = [];

    public IsaProgram(IsaKind kind, long seed, ulong codeAddress)
    {
        Kind = kind;
        Seed = seed;
        CodeAddress = codeAddress;
    }

    public IsaKind Kind { get; }

    public long Seed { get; }

    /// <summary>Physical address of the first instruction.</summary>
    public ulong CodeAddress { get; }

    /// <summary>0 U, 1 S, 3 M.</summary>
    public int Mode { get; set; }

    /// <summary>The mode of the first instruction; <see cref="Mode"/> follows the returns while the program is generated.</summary>
    public int StartMode { get; set; }

    public bool IsTranslated { get; set; }

    public bool UsesPmp { get; set; }

    public ulong Status { get; set; }

    public ulong TimeCompare { get; set; } = ulong.MaxValue;

    public ulong SoftwareInterrupt { get; set; }

    public ulong ScratchSeed { get; set; }

    public ulong[] X { get; } = new ulong[32];

    public ulong[] F { get; } = new ulong[32];

    public uint Fcsr { get; set; }

    public ulong[] Csrs { get; } = new ulong[IsaLayout.Seeded.Length];

    public ulong[] PmpAddress { get; } = new ulong[16];

    public byte[] PmpConfiguration { get; } = new byte[16];

    public SortedDictionary<ulong, ulong> Pokes { get; } = [];

    public IReadOnlyList<byte> Code => _code;

    /// <summary>What the instructions are, for reports.</summary>
    public List<string> Listing { get; } = [];

    public int Length => _code.Count;

    /// <summary>Offset of the last instruction, which ends the program.</summary>
    public int End { get; set; }

    public void SetCsr(string name, ulong value) => Csrs[Array.FindIndex(IsaLayout.Seeded, csr => csr.Name == name)] = value;

    /// <summary>The virtual address of a place in the code, in the mode in which the program starts.</summary>
    public ulong AddressOf(int offset, int mode) =>
        CodeAddress + (ulong)offset - (mode == 0 && IsTranslated ? IsaLayout.Ram - IsaLayout.UserAlias : 0);

    public void Emit(uint instruction, string text)
    {
        Listing.Add(FormattableString.Invariant($"{CodeAddress + (ulong)_code.Count:x}: {instruction:x8} {text}"));
        bool compressed = (instruction & 3) != 3;
        for (int i = 0; i < (compressed ? 2 : 4); i++)
            _code.Add((byte)(instruction >> (8 * i)));
    }

    public void Patch(int offset, uint instruction)
    {
        bool compressed = (instruction & 3) != 3;
        for (int i = 0; i < (compressed ? 2 : 4); i++)
            _code[offset + i] = (byte)(instruction >> (8 * i));
    }

    /// <summary>Writes the descriptor that the harness reads.</summary>
    public void WriteDescriptor(Span<byte> target, ulong address, ulong next, ulong result)
    {
        Put(target, IsaLayout.Next, next);
        Put(target, IsaLayout.Result, result);
        Put(target, IsaLayout.Entry, AddressOf(0, StartMode));
        Put(target, IsaLayout.DescriptorBodyStart, CodeAddress);

        Put(target, IsaLayout.DescriptorBodyEnd, CodeAddress + (ulong)End);
        Put(target, IsaLayout.Status, Status);
        Put(target, IsaLayout.TimeCompare, TimeCompare);
        Put(target, IsaLayout.SoftwareInterrupt, SoftwareInterrupt);
        Put(target, IsaLayout.ScratchSeed, ScratchSeed);
        Put(target, IsaLayout.PokeCount, (ulong)Pokes.Count);
        Put(target, IsaLayout.PokeList, address + IsaLayout.Pokes);
        Put(target, IsaLayout.UsesPmp, UsesPmp ? 1u : 0u);
        for (int i = 0; i < Csrs.Length; i++)
            Put(target, IsaLayout.Csrs + (8 * i), Csrs[i]);
        PmpConfiguration.CopyTo(target[IsaLayout.Pmp..]);
        for (int i = 0; i < 16; i++)
            Put(target, IsaLayout.Pmp + 16 + (8 * i), PmpAddress[i]);
        for (int i = 0; i < 32; i++)
        {
            Put(target, IsaLayout.X + (8 * i), X[i]);
            Put(target, IsaLayout.F + (8 * i), F[i]);
        }

        Put(target, IsaLayout.Fcsr, Fcsr);
        int poke = IsaLayout.Pokes;
        foreach ((ulong where, ulong what) in Pokes)
        {
            Put(target, poke, where);
            Put(target, poke + 8, what);
            poke += 16;
        }
    }

    private static void Put(Span<byte> target, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(target[offset..], value);
}
