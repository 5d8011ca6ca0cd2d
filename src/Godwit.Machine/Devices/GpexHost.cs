using System.Buffers.Binary;
using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine;

/// <summary>The generic PCI Express host with nothing behind it: one root function with 256 bytes of configuration space, everything else all ones.</summary>
/// <remarks>Sections <c>0000:00:00.0/gpex_root</c>, <c>PCIHost</c> and <c>PCIBUS</c>, see docs/formats/virt-sections.md.</remarks>
public sealed class GpexHost
{
    internal const ulong EcamBytes = 0x1000_0000;
    internal const ulong IoWindowBytes = 0x1_0000;

    private const int ConfigBytes = 256;
    private const int InterruptPins = 4;
    private const int VersionId = 2;

    private static readonly VmStateDescription<GpexHost> _deviceState = new("PCIDevice", version: 2, minimumVersion: 1)
    {
        Fields =
        [
            Field.Int32LessOrEqual<GpexHost>("version_id", g => ref g._versionId),
            Field.Custom<GpexHost>("config", "pci config", (g, writer) => writer.Write(g._config), (g, reader) => reader.ReadExactly(g._loaded)),
            // In place of the bytes of a PCI Express function, which this one is not.
            Field.Custom<GpexHost>("config", "pci config", (_, _) => { }, (_, _) => { }, when: (_, _) => false),
            Field.Custom<GpexHost>("irq_state", "pci irq state", (g, writer) => writer.Write(new byte[4 * InterruptPins]), (g, reader) => reader.ReadExactly(g._loadedInterrupts)),
        ],
        PostLoad = (g, _) => g.TakeLoadedConfig(),
    };

    private static readonly VmStateDescription<GpexHost> _rootState = new("gpex_root", version: 1, minimumVersion: 1)
    {
        Fields = [Field.Struct<GpexHost, GpexHost>("parent_obj", g => g, _deviceState)],
    };

    private static readonly VmStateDescription<GpexHost> _hostState = new("PCIHost", version: 1, minimumVersion: 1)
    {
        Fields = [Field.UInt32<GpexHost>("config_reg", g => ref g._configRegister)],
    };

    private static readonly VmStateDescription<GpexHost> _busState = new("PCIBUS", version: 1, minimumVersion: 1)
    {
        Fields =
        [
            Field.Int32Equal<GpexHost>("nirq", _ => InterruptPins),
            Field.Int32VarArray<GpexHost>("irq_count", g => g._interruptCounts, _ => InterruptPins, InterruptPins),
        ],
    };

    private readonly byte[] _config = new byte[ConfigBytes];
    private readonly byte[] _writable = new byte[ConfigBytes];
    private readonly byte[] _loaded = new byte[ConfigBytes];
    private readonly byte[] _loadedInterrupts = new byte[4 * InterruptPins];
    private readonly int[] _interruptCounts = new int[InterruptPins];
    private uint _configRegister;
    private int _versionId = VersionId;

    /// <summary>Creates the host with its root function in reset state.</summary>
    public GpexHost()
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_config, 0x0008_1b36);
        BinaryPrimitives.WriteUInt32LittleEndian(_config.AsSpan(8), 0x0600_0000);
        BinaryPrimitives.WriteUInt32LittleEndian(_config.AsSpan(0x2c), 0x1100_1af4);
        // Command, cache line size, interrupt line, and all that is the function's own affair.
        BinaryPrimitives.WriteUInt16LittleEndian(_writable.AsSpan(4), 0x0507);
        _writable[0x0c] = 0xff;
        _writable[0x3c] = 0xff;
        _writable.AsSpan(0x40).Fill(0xff);
        EcamRegisters = new RegisterBlock(ReadEcam, WriteEcam);
        WindowRegisters = new RegisterBlock((_, _) => ulong.MaxValue, (_, _, _) => { });
    }

    internal IMemoryRegionOperations EcamRegisters { get; }

    /// <summary>The I/O and memory windows: nobody answers, which reads as all ones.</summary>
    internal IMemoryRegionOperations WindowRegisters { get; }

    /// <summary>Any access up to 64 bits.</summary>
    internal static AccessConstraints Access { get; } = new() { MaximumSizeBytes = 8, AllowsUnaligned = true };

    internal void Register(VmStateRegistry registry)
    {
        registry.Register(_rootState, this, "0000:00:00.0");
        registry.Register(_hostState, this);
        registry.Register(_busState, this);
    }

    internal void Reset()
    {
        _configRegister = 0;
        for (int i = 0; i < 0x40; i++)
            _config[i] &= (byte)~_writable[i];
    }

    private ulong ReadEcam(ulong offset, int sizeBytes)
    {
        if (offset + (ulong)sizeBytes > ConfigBytes)
            return ulong.MaxValue;
        ulong value = 0;
        for (int i = 0; i < sizeBytes; i++)
            value |= (ulong)_config[(int)offset + i] << (8 * i);
        return value;
    }

    private void WriteEcam(ulong offset, int sizeBytes, ulong value)
    {
        if (offset + (ulong)sizeBytes > ConfigBytes)
            return;
        for (int i = 0; i < sizeBytes; i++)
        {
            int at = (int)offset + i;
            _config[at] = (byte)((_config[at] & ~_writable[at]) | ((byte)(value >> (8 * i)) & _writable[at]));
        }
    }

    private void TakeLoadedConfig()
    {
        for (int i = 0; i < ConfigBytes; i++)
        {
            if (((_loaded[i] ^ _config[i]) & ~_writable[i]) != 0)
            {
                throw new VmStateException(
                    $"the root function's configuration byte 0x{i:x2} differs in read-only bits", $"0x{_config[i]:x2}", $"0x{_loaded[i]:x2}");
            }
        }

        if (_loadedInterrupts.AsSpan().ContainsAnyExcept((byte)0))
            throw new VmStateException("the root function asserts an interrupt, which this machine's does not", "0", Convert.ToHexStringLower(_loadedInterrupts));
        _loaded.CopyTo(_config, 0);
    }
}
