namespace Godwit.Interop.Tests;

/// <summary>Random operands with a liking for corners.</summary>
internal sealed class IsaValues(long seed)
{
    private static readonly ulong[] _integers =
    [
        0, 1, 2, 3, 7, 8, 31, 32, 63, 64, ulong.MaxValue, ulong.MaxValue - 1, 1UL << 63, (1UL << 63) + 1, long.MaxValue, 0x7fff_ffff,
        0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 0xffff_ffff_8000_0000, 0xffff_ffff_7fff_ffff, 0x5555_5555_5555_5555, 0xaaaa_aaaa_aaaa_aaaa,
        0x8000_0000_8000_0000, 0x7fff_ffff_ffff_fffe, 0x0000_0000_ffff_fff0,
    ];

    private static readonly ulong[] _doubles =
    [
        0, 1UL << 63, 0x3ff0_0000_0000_0000, 0xbff0_0000_0000_0000, 0x7ff0_0000_0000_0000, 0xfff0_0000_0000_0000, 0x7ff8_0000_0000_0000,
        0x7ff0_0000_0000_0001, 0xfff8_0000_0000_0000, 0xfff4_0000_0000_0000, 1, 0x800f_ffff_ffff_ffff, 0x0010_0000_0000_0000, 0x000f_ffff_ffff_ffff,
        0x7fef_ffff_ffff_ffff, 0xffef_ffff_ffff_ffff, 0x3fe0_0000_0000_0000, 0x3fdf_ffff_ffff_ffff, 0x3ff8_0000_0000_0000, 0x4004_0000_0000_0000,
        0x43e0_0000_0000_0000, 0xc3e0_0000_0000_0000, 0x43df_ffff_ffff_ffff, 0x43f0_0000_0000_0000, 0x41df_ffff_ffc0_0000, 0x41e0_0000_0000_0000,
        0x41ef_ffff_ffe0_0000, 0xc1e0_0000_0020_0000, 0x36a0_0000_0000_0000, 0x3690_0000_0000_0000, 0x380f_ffff_ffff_ffff, 0x47ef_ffff_f000_0000,
        0x47ef_ffff_efff_ffff, 0x3ca0_0000_0000_0000, 0x3cb0_0000_0000_0000, 0x4340_0000_0000_0000, 0x4330_0000_0000_0001, 0x001f_ffff_ffff_ffff,
    ];

    private static readonly uint[] _singles =
    [
        0, 0x8000_0000, 0x3f80_0000, 0xbf80_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7f80_0001, 0xffc0_0000, 0xffa0_0000, 1, 0x807f_ffff,
        0x0080_0000, 0x007f_ffff, 0x7f7f_ffff, 0xff7f_ffff, 0x3f00_0000, 0x3eff_ffff, 0x3fc0_0000, 0x4020_0000, 0x5f00_0000, 0xdf00_0000, 0x5eff_ffff,
        0x5f80_0000, 0x4f00_0000, 0x4eff_ffff, 0x4f80_0000, 0xcf00_0001, 0x3380_0000, 0x3400_0000, 0x4b80_0001, 0x00ff_ffff, 0x0100_0000,
    ];

    private ulong _state = ((ulong)seed * 0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03;

    public ulong Next()
    {
        _state += 0x9e37_79b9_7f4a_7c15;
        ulong z = (_state ^ (_state >> 30)) * 0xbf58_476d_1ce4_e5b9;
        z = (z ^ (z >> 27)) * 0x94d0_49bb_1331_11eb;
        return z ^ (z >> 31);
    }

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public bool Chance(int percent) => Below(100) < percent;

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    public ulong Integer() => Below(10) switch
    {
        < 4 => Pick<ulong>(_integers),
        4 => (ulong)(long)(int)Next(),
        5 => (ulong)Below(128),
        6 => 0 - (ulong)Below(128),
        7 => 1UL << Below(64),
        8 => ulong.MaxValue >> Below(64),
        _ => Next(),
    };

    public ulong Double() => Below(10) switch
    {
        < 5 => Pick<ulong>(_doubles),
        5 => Next(),
        6 => Pick<ulong>(_doubles) + (ulong)Below(5) - 2,
        7 => (Next() & 0x800f_ffff_ffff_ffff) | ((ulong)(1023 - 4 + Below(70)) << 52), // integers of all sizes and halves
        8 => (Next() & 0x8000_0000_0000_0000) | ((ulong)(1 + Below(60)) << 52) | ((Next() & 0xfff) << 40), // near the subnormals
        _ => (Next() & 0x800f_ffff_ffff_ffff) | ((ulong)(1023 - 150 + Below(300)) << 52), // the range of single precision
    };

    public uint Single() => Below(8) switch
    {
        < 4 => Pick<uint>(_singles),
        4 => (uint)Next(),
        5 => Pick<uint>(_singles) + (uint)Below(5) - 2,
        6 => ((uint)Next() & 0x807f_ffff) | ((uint)(127 - 4 + Below(70)) << 23),
        _ => ((uint)Next() & 0x8000_0000) | ((uint)(1 + Below(30)) << 23) | (((uint)Next() & 0xff) << 15),
    };

    public ulong FloatRegister() => Below(10) switch
    {
        < 4 => 0xffff_ffff_0000_0000 | Single(),
        4 => (Next() << 32) | Single(), // not boxed
        _ => Double(),
    };
}
