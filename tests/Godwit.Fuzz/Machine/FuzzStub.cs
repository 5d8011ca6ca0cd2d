using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>A second iterative entry beside RAM: counted bytes.</summary>
internal sealed class FuzzStub : ISaveVmHandlers
{
    public const string IdString = "stub";
    public const uint Version = 2;

    public bool HasSetup => true;

    public long SkippedBytes { get; set; }

    public int Switchovers { get; set; }

    public void SwitchoverStart() => Switchovers++;

    public void LoadState(MigrationReader reader, uint version, SectionType type)
    {
        if (version == 0)
            throw new VmStateException("version 0", "1 or 2", "0");
        int count = reader.ReadUInt16();
        reader.Skip(count);
        SkippedBytes += count;
    }
}
