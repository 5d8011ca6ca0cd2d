namespace Godwit.Machine;

/// <summary>What a machine starts with: firmware, kernel, initial RAM disk.</summary>
public sealed record BootOptions
{
    /// <summary>Firmware file, a flat binary or an ELF file; null starts the kernel itself in machine mode.</summary>
    public string? FirmwarePath { get; init; }

    /// <summary>Kernel file, a flat <c>Image</c> or an ELF file; null for none.</summary>
    public string? KernelPath { get; init; }

    /// <summary>Initial RAM disk; null for none. Needs a kernel.</summary>
    public string? InitrdPath { get; init; }

    /// <summary>What is put into memory beside them; where it overlaps firmware or kernel, those win. Default none.</summary>
    public IReadOnlyList<LoaderOptions> Loaders { get; init; } = [];

    /// <summary>A device tree blob to use instead of the machine's own; null builds it.</summary>
    public string? DeviceTreePath { get; init; }
}
