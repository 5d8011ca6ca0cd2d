namespace Godwit.Machine;

/// <summary>The code that every hart starts with: it loads the registers that firmware expects and jumps there.</summary>
internal static class BootRom
{
    private const ulong DynamicInfoMagic = 0x4942534f;
    private const ulong DynamicInfoVersion = 2;
    private const ulong SupervisorMode = 1;

    /// <summary>a0 = hart, a1 = device tree, a2 = the table for <c>fw_dynamic</c> firmware that follows the code.</summary>
    private const string Source = """
        start:      auipc   t0, 0
                    addi    a2, t0, dynamic_info - start
                    csrr    a0, mhartid
                    ld      a1, device_tree - start(t0)
                    ld      t0, firmware - start(t0)
                    jr      t0
        firmware:   .dword  FIRMWARE
        device_tree: .dword DEVICE_TREE
        dynamic_info: .dword MAGIC, VERSION, KERNEL, MODE, 0, 0
        """;

    /// <summary>Builds the ROM's content from its start; the rest is zeros.</summary>
    /// <param name="firmware">Where the harts go.</param>
    /// <param name="deviceTree">Address of the device tree.</param>
    /// <param name="kernel">What the firmware is to start, or 0.</param>
    public static byte[] Build(ulong firmware, ulong deviceTree, ulong kernel)
    {
        var constants = new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["FIRMWARE"] = (long)firmware,
            ["DEVICE_TREE"] = (long)deviceTree,
            ["MAGIC"] = (long)DynamicInfoMagic,
            ["VERSION"] = (long)DynamicInfoVersion,
            ["KERNEL"] = (long)kernel,
            ["MODE"] = (long)SupervisorMode,
        };
        return [.. RiscVAssembler.Assemble(Source, VirtMemoryMap.BootRom, constants).Image];
    }
}
