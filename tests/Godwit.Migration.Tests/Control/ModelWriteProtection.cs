using Godwit.Memory;

namespace Godwit.Migration.Tests.Control;

/// <summary>Write protection of a machine without CPUs: everything that writes asks the blocks' gate.</summary>
internal sealed class ModelWriteProtection : IWriteProtection
{
    private IReadOnlyList<RamBlock> _blocks = [];

    public long UnprotectedBytes { get; private set; }

    public bool IsOn => _blocks.Any(block => block.WriteGate is not null);

    public void Protect(IReadOnlyList<RamBlock> blocks, IWriteGate gate)
    {
        _blocks = blocks;
        foreach (RamBlock block in blocks)
            block.WriteGate = gate;
    }

    public void Unprotect(RamBlock block, RamOffset offset, ulong lengthBytes) => UnprotectedBytes += (long)lengthBytes;

    public void UnprotectAll()
    {
        foreach (RamBlock block in _blocks)
            block.WriteGate = null;
    }
}
