namespace Godwit.VmState.Tests;

/// <summary>A small object to describe.</summary>
internal sealed class Probe
{
    public byte A;
    public byte B;
    public byte C;
    public byte[] Bytes = new byte[4];
}
