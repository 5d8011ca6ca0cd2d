namespace Godwit.Machine;

/// <summary>Finds the firmware that a Linux guest is started with.</summary>
public static class OpenSbi
{
    private const string QemuFile = "share/qemu/opensbi-riscv64-generic-fw_dynamic.bin";

    /// <summary>Where Debian's packages, QEMU's own data folder and the cache of <c>eng/peers</c> have it.</summary>
    public static IReadOnlyList<string> KnownPaths { get; } =
    [
        "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin",
        $"/usr/{QemuFile}",
        $"/usr/local/{QemuFile}",
        Path.Combine(PeerCache, $"qemu-10.0/tree/usr/{QemuFile}"),
        Path.Combine(PeerCache, $"qemu-11.1/tree/usr/{QemuFile}"),
    ];

    /// <summary>The first file that exists: of <paramref name="preferred"/>, then of <see cref="KnownPaths"/>; null if none does.</summary>
    public static string? Find(params IEnumerable<string> preferred) => preferred.Concat(KnownPaths).FirstOrDefault(File.Exists);

    private static string PeerCache
    {
        get
        {
            string root = Environment.GetEnvironmentVariable("GODWIT_CACHE")
                ?? Path.Combine(
                    Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
                    "godwit");
            return Path.Combine(root, "peers");
        }
    }
}
