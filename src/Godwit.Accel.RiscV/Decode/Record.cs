namespace Godwit.Accel.RiscV;

/// <summary>
/// The layout of one decoded instruction: a 64-bit word that is read and written in one access, so that a hart never sees half of a
/// record that another hart invalidates.
/// </summary>
/// <remarks>
/// | bits | content |
/// |---|---|
/// | 0–7 | <see cref="Op"/> |
/// | 8–15 | destination register 0–31, or <see cref="Sink"/> in place of x0 |
/// | 16–23 | source register 1 |
/// | 24–28 | source register 2 |
/// | 29–31 | length in 16-bit parcels: 0 for the ops that are no instructions, else 1 or 2 |
/// | 32–63 | immediate, signed; its meaning depends on the op |
/// All-zero means "not decoded yet".
/// </remarks>
internal static class Record
{
    /// <summary>Register index that swallows writes to x0.</summary>
    internal const int Sink = 32;

    /// <summary>Set in the record of an instruction of two parcels.</summary>
    internal const ulong Wide = 1UL << 30;

    internal static ulong Pack(byte op, int rd, int rs1, int rs2, int parcels, int immediate) =>
        op | ((ulong)(uint)rd << 8) | ((ulong)(uint)rs1 << 16) | ((ulong)(uint)rs2 << 24) | ((ulong)(uint)parcels << 29)
        | ((ulong)(uint)immediate << 32);

    internal static int Immediate(ulong record) => (int)(record >> 32);
}
