namespace Godwit.Accel.RiscV;

/// <summary>The harts' own counts of the pages they dirtied.</summary>
internal sealed class HartDirtyRings(Hart[] harts) : IVcpuDirtyRings
{
    /// <inheritdoc/>
    public int RingPages => Hart.DirtyRingPages;

    /// <inheritdoc/>
    public int Count => harts.Length;

    /// <inheritdoc/>
    public long DirtiedPages(int cpu) => harts[cpu].DirtiedPages;

    /// <inheritdoc/>
    public void SetRest(int cpu, TimeSpan rest) => harts[cpu].SetRingRest(rest);
}
