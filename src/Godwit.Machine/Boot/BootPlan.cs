namespace Godwit.Machine;

/// <summary>Where everything lies that a machine starts with; made once, carried out at each reset.</summary>
/// <param name="Images">Firmware, kernel and initial RAM disk.</param>
/// <param name="FirstInstruction">Where the boot code jumps.</param>
/// <param name="KernelEntry">What the firmware is told to start; 0 for nothing.</param>
/// <param name="Initrd">First byte and first byte behind the initial RAM disk.</param>
/// <param name="DeviceTree">A device tree to use instead of the machine's own.</param>
internal sealed record BootPlan(
    IReadOnlyList<RomBlob> Images, ulong FirstInstruction, ulong KernelEntry, (ulong Start, ulong End)? Initrd, ReadOnlyMemory<byte>? DeviceTree)
{
    private const ulong LargePage = 2 << 20;
    private const ulong LargestInitrdDistance = 512 << 20;

    /// <summary>Harts that start elsewhere than at the boot code.</summary>
    public IReadOnlyList<(int Hart, ulong Address)> StartAddresses { get; init; } = [];

    /// <summary>Nothing but the boot code.</summary>
    public static BootPlan Empty { get; } = new([], VirtMemoryMap.Ram, 0, null, null);

    /// <summary>Places files as QEMU does.</summary>
    /// <exception cref="BootException">A file cannot be read or does not fit.</exception>
    public static BootPlan Create(BootOptions options, ulong ramBytes)
    {
        var blobs = new List<RomBlob>();
        var starts = new List<(int Hart, ulong Address)>();
        foreach (LoaderOptions loader in options.Loaders)
            AddLoader(loader, blobs, starts);
        ulong end = VirtMemoryMap.Ram;
        ulong first = VirtMemoryMap.Ram;
        if (options.FirmwarePath is { } firmwarePath)
        {
            BootImage firmware = BootImage.Load("firmware", firmwarePath, VirtMemoryMap.Ram);
            blobs.AddRange(firmware.Blobs);
            end = (firmware.End + LargePage - 1) & ~(LargePage - 1);
            first = firmware.Start;
        }

        ulong kernelEntry = 0;
        (ulong Start, ulong End)? initrd = null;
        if (options.KernelPath is { } kernelPath)
        {
            BootImage kernel = BootImage.Load("kernel", kernelPath, end);
            blobs.AddRange(kernel.Blobs);
            kernelEntry = kernel.Start;
            if (options.FirmwarePath is null)
                first = kernel.Entry;
            if (options.InitrdPath is { } initrdPath)
            {
                byte[] content = BootImage.ReadFile("initial RAM disk", initrdPath);
                ulong address = (kernel.Start + Math.Min(ramBytes / 2, LargestInitrdDistance) + 4095) & ~4095UL;
                blobs.Add(new RomBlob("initial RAM disk", address, content));
                initrd = (address, address + (ulong)content.Length);
            }
        }
        else if (options.InitrdPath is not null)
        {
            throw new BootException("an initial RAM disk needs a kernel");
        }

        ReadOnlyMemory<byte>? tree = null;
        if (options.DeviceTreePath is { } treePath)
            tree = BootImage.ReadFile("device tree", treePath);
        foreach (RomBlob blob in blobs)
            CheckFits(blob, ramBytes);
        return new BootPlan(blobs, first, kernelEntry, initrd, tree) { StartAddresses = starts };
    }

    /// <summary>The place of a device tree: as high in RAM as 2 MiB pages allow.</summary>
    /// <exception cref="BootException">It would lie on another image.</exception>
    public ulong PlaceDeviceTree(int lengthBytes, ulong ramBytes)
    {
        ulong address = (VirtMemoryMap.Ram + ramBytes - (ulong)lengthBytes) & ~(LargePage - 1);
        foreach (RomBlob blob in Images)
        {
            if (blob.Address < address + (ulong)lengthBytes && address < blob.Address + (ulong)blob.Content.Length)
                throw new BootException("Not enough memory to place DTB after kernel/initrd");
        }

        return address;
    }

    private static void AddLoader(LoaderOptions loader, List<RomBlob> blobs, List<(int Hart, ulong Address)> starts)
    {
        ulong start = loader.Address;
        if (loader.FilePath is { } path)
        {
            BootImage image = BootImage.Load("loader file", path, loader.Address, loader.IsRaw);
            blobs.AddRange(image.Blobs);
            start = image.Entry;
        }
        else if (!loader.Data.IsEmpty)
        {
            blobs.Add(new RomBlob("loader data", loader.Address, loader.Data.AsMemory()));
            return;
        }

        if (loader.HartIndex is { } hart)
            starts.Add((hart, start));
    }

    private static void CheckFits(RomBlob blob, ulong ramBytes)
    {
        ulong length = (ulong)blob.Content.Length;
        if (blob.Address < VirtMemoryMap.Ram || length > ramBytes || blob.Address - VirtMemoryMap.Ram > ramBytes - length)
            throw new BootException($"the {blob.Name} of {length} bytes does not fit at 0x{blob.Address:x} into {ramBytes >> 20} MiB of RAM");
    }
}
