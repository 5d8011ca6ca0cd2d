namespace Godwit.Interop.Tests;

/// <summary>Where things lie in the memory of the differential ISA test; see docs/testing.md.</summary>
internal static class IsaLayout
{
    public const ulong Ram = 0x8000_0000;
    public const long RamBytes = 64 << 20;

    /// <summary>Two, of which the second one sleeps: with one hart QEMU splits atomics into a load and a store, which shows in the causes of faults.</summary>
    public const int Harts = 2;
    public const ulong Harness = 0x8000_1000;

    /// <summary>Variables of the harness: pointers, counters, saved registers.</summary>
    public const ulong Context = 0x8000_4000;

    /// <summary>Six pages that programs load from and store to, with unused pages on both sides.</summary>
    public const ulong Scratch = 0x8002_0000;
    public const int ScratchBytes = 0x6000;

    /// <summary>Pages for translation tables; all zero between programs.</summary>
    public const ulong Tables = 0x8003_0000;
    public const int TableCount = 16;
    public const ulong Programs = 0x8010_0000;

    /// <summary>Room of one program's instructions.</summary>
    public const int BodyBytes = 1024;

    /// <summary>User programs run at this alias of RAM when translation is on.</summary>
    public const ulong UserAlias = 0x4000_0000;

    public const int DescriptorBytes = 2048;
    public const int ResultBytes = 2048;
    public const int LogEntries = 12;
    public const int MaximumPokes = 40;
    public const int StoreLimit = 20;
    public const ulong DoneMagic = 0x600d_600d_600d_600d;

    /// <summary>Offsets in the context.</summary>
    public const int Current = 0;
    public const int Done = 8;
    public const int LogPointer = 16;
    public const int LogCount = 24;
    public const int BodyStart = 32;
    public const int BodyEnd = 40;
    public const int PmpDirty = 48;
    public const int MachineSaved = 64;
    public const int SupervisorSaved = 96;
    public const int Registers = 128;

    /// <summary>Offsets in a descriptor.</summary>
    public const int Next = 0;
    public const int Result = 8;
    public const int Entry = 16;
    public const int DescriptorBodyStart = 24;
    public const int DescriptorBodyEnd = 32;
    public const int Status = 40;
    public const int TimeCompare = 48;
    public const int SoftwareInterrupt = 56;
    public const int ScratchSeed = 64;
    public const int PokeCount = 72;
    public const int PokeList = 80;
    public const int UsesPmp = 88;
    public const int Csrs = 96;
    public const int Pmp = 288;
    public const int X = 448;
    public const int F = 704;
    public const int Fcsr = 960;
    public const int Pokes = 1024;

    /// <summary>Offsets in a result.</summary>
    public const int ResultX = 0;
    public const int ResultF = 256;
    public const int ResultFcsr = 512;
    public const int ResultTraps = 520;
    public const int ResultHash = 528;
    public const int ResultLog = 536;
    public const int ResultCsrs = 936;
    public const int ResultPokes = 1536;

    /// <summary>CSRs that every program starts with, in the order in which they are written.</summary>
    public static readonly (string Name, int Number)[] Seeded =
    [
        ("satp", 0x180), ("medeleg", 0x302), ("mideleg", 0x303), ("mie", 0x304), ("mip", 0x344), ("mtvec", 0x305), ("stvec", 0x105),
        ("mcounteren", 0x306), ("scounteren", 0x106), ("mcountinhibit", 0x320), ("menvcfg", 0x30a), ("senvcfg", 0x10a),
        ("sscratch", 0x140), ("sepc", 0x141), ("scause", 0x142), ("stval", 0x143), ("mcause", 0x342), ("mtval", 0x343), ("mhpmevent3", 0x323),
        ("mscratch", 0x340),
    ];

    /// <summary>CSRs that are stored at a program's end. The counters and <c>time</c> are not among them: they count the host's time.</summary>
    public static readonly (string Name, int Number)[] Dumped =
    [
        ("sie", 0x104), ("sip", 0x144), ("sstatus", 0x100), ("misa", 0x301), ("mepc", 0x341), .. Seeded, ("pmpcfg0", 0x3a0), ("pmpcfg2", 0x3a2),
        .. Enumerable.Range(0, 16).Select(i => ($"pmpaddr{i}", 0x3b0 + i)), ("mhpmevent31", 0x33f), ("mhartid", 0xf14), ("marchid", 0xf12),
    ];
}
