namespace Godwit.Machine;

/// <summary>Finds the firmware that a Linux guest is started with.</summary>
public static class OpenSbi
{
    /// <summary>Where Debian's packages and QEMU's own data folder have it.</summary>
    public static IReadOnlyList<string> KnownPaths { get; } =
    [
        "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin",
        "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
        "/usr/local/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
    ];

    /// <summary>The first file that exists: of <paramref name="preferred"/>, then of <see cref="KnownPaths"/>; null if none does.</summary>
    public static string? Find(params IEnumerable<string> preferred) => preferred.Concat(KnownPaths).FirstOrDefault(File.Exists);
}
