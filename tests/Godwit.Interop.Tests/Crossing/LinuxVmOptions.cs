namespace Godwit.Interop.Tests;

/// <summary>A contract machine with or without a guest.</summary>
internal sealed record LinuxVmOptions
{
    public int Harts { get; init; } = 1;

    public string Memory { get; init; } = "128";

    /// <summary>What the guest does, see <c>tests/guest/init</c>; null for a machine that waits for a stream.</summary>
    public string? Mode { get; init; }

    /// <summary>Further words of the kernel command line.</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>A raw file; null for no disk.</summary>
    public string? Disk { get; init; }

    /// <summary>Whether it has a network card on a dead cable, an entropy device and a console as well.</summary>
    public bool HasAllDevices { get; init; }

    public bool IsModern { get; init; }

    public IReadOnlyList<string> More { get; init; } = [];
}
