using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Godwit.Machine;

/// <summary>The built-in guest: a program that never stops writing to its memory and notices a page that was lost, stale, doubled or torn.</summary>
/// <remarks>The image is a flat binary for the start of RAM; a real QEMU runs it with <c>-bios FILE</c>. See <c>docs/staircase.md</c>.</remarks>
public sealed class StaircaseGuest
{
    /// <summary>Guest physical address of the first byte of the image, and of the first instruction.</summary>
    public const ulong EntryAddress = 0x8000_0000;

    /// <summary>"STAIRCAS", the first word of the parameter block.</summary>
    internal const ulong Magic = 0x5341435249415453;

    /// <summary>Parameter block, bytes from the start of the image.</summary>
    internal const int ParametersOffset = 0x10;

    /// <summary>Status block, bytes from the start of the image.</summary>
    internal const int StatusOffset = 0x1000;

    /// <summary>Bytes of the image, and where the working set begins.</summary>
    internal const int ImageBytes = 0x2000;

    /// <summary>Firmware puts the device tree into the last 2 MiB of RAM; the guest clears them before it starts.</summary>
    private const ulong DeviceTreeBytes = 2 << 20;

    private const ulong TicksPerSecond = 10_000_000;

    /// <summary>Bursts per second when the guest is paced, as long as a burst has a page or more.</summary>
    private const ulong BurstsPerSecond = 100;

    private StaircaseGuest(ImmutableArray<byte> image, ulong pageCount)
    {
        Image = image;
        WorkingSetPages = pageCount;
    }

    /// <summary>Bytes to place at <see cref="EntryAddress"/>.</summary>
    public ImmutableArray<byte> Image { get; }

    /// <summary>Pages the guest will walk.</summary>
    public ulong WorkingSetPages { get; }

    /// <summary>Assembles the program and fills in its parameters.</summary>
    /// <exception cref="ArgumentException">RAM too small, or an option out of its range.</exception>
    public static StaircaseGuest Build(StaircaseOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.RamBytes < ImageBytes + 4096 || options.RamBytes % 4096 != 0)
            throw new ArgumentException($"The staircase needs at least {ImageBytes + 4096} bytes of RAM in whole pages.", nameof(options));
        if (options.StampStrideBytes is < 0 or > 4088 || options.StampStrideBytes % 8 != 0)
            throw new ArgumentException("The stamp stride is a multiple of 8 from 0 to 4088.", nameof(options));
        if (options.ReportRounds == 0)
            throw new ArgumentException("A report comes after at least one round.", nameof(options));

        ulong available = (options.RamBytes - ImageBytes) / 4096;
        if (options.WorkingSetPages > available)
            throw new ArgumentException($"The working set has at most {available} pages.", nameof(options));

        ulong pages = options.WorkingSetPages == 0 ? available : options.WorkingSetPages;
        (ulong burstPages, ulong burstTicks) = Pace(options.PagesPerSecond);
        AssembledProgram program = RiscVAssembler.Assemble(ReadSource(), EntryAddress);
        byte[] image = [.. program.Image];
        ReadOnlySpan<ulong> parameters =
        [
            Magic, EntryAddress + ImageBytes, pages, burstPages, burstTicks, (ulong)options.StampStrideBytes,
            options.ReportRounds, Math.Min(DeviceTreeBytes, pages * 4096), options.FailOnViolation ? 1UL : 0,
        ];
        for (int i = 0; i < parameters.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(ParametersOffset + (8 * i)), parameters[i]);
        return new StaircaseGuest(ImmutableArray.Create(image), pages);
    }

    /// <summary>Word <paramref name="index"/> of the stamped words (0 is the last word of the page, going down) in a page after a round.</summary>
    internal static ulong StampValue(ulong page, ulong round, ulong index)
    {
        if (round == 0)
            return 0;

        ulong seed = unchecked((page * 0xd1342543de82ef95) + (round * 0x2545f4914f6cdd1d));
        seed ^= seed >> 29;
        return unchecked(seed + (index * 0x9e3779b97f4a7c15));
    }

    private static (ulong Pages, ulong Ticks) Pace(ulong pagesPerSecond) => pagesPerSecond switch
    {
        0 => (0, 0),
        < BurstsPerSecond => (1, TicksPerSecond / pagesPerSecond),
        _ => (pagesPerSecond / BurstsPerSecond, TicksPerSecond / BurstsPerSecond),
    };

    private static string ReadSource()
    {
        using Stream stream = typeof(StaircaseGuest).Assembly.GetManifestResourceStream("staircase.s")
            ?? throw new InvalidOperationException("The source of the staircase guest is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
