using Godwit.Wire;

namespace Godwit.Machine;

/// <summary>For streams of a <c>virt</c> machine that is not this one: what to change on the source's command line.</summary>
public static class SourceAdvice
{
    private static readonly (string Part, string Advice)[] _advice =
    [
        ("/rom@etc/", "start the source with acpi=off in its -machine option"),
        ("virt_acpi_build", "start the source with acpi=off in its -machine option"),
        ("riscv_aplic", "start the source with aia=none in its -machine option"),
        ("riscv_imsic", "start the source with aia=none in its -machine option"),
        ("slirp", "start the source with a -netdev of type stream, dgram, socket or hubport instead of user"),
        ("virtio-mmio@", "give both sides the same -device options, each with its bus=virtio-mmio-bus.N"),
        ("riscv_virt_board.ram", "give both sides the same -m"),
        ("'cpu_common'", "give both sides the same -smp"),
        ("'cpu'", "give both sides the same -smp"),
        ("0000:00:", "start the source without PCI devices; there are the virtio-…-device models"),
    ];

    /// <summary>The advice; null when the refusal has another cause than the source's command line.</summary>
    public static string? For(StreamFormatException refusal)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        if (refusal.Expected is null)
            return null;
        string text = $"{refusal.Reason} {refusal.Found}";
        foreach ((string part, string advice) in _advice)
        {
            if (text.Contains(part, StringComparison.Ordinal))
                return advice;
        }

        return null;
    }
}
