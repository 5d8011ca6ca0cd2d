using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>Runs an image on a real QEMU and reads its migration stream.</summary>
internal static class IsaQemu
{
    /// <summary>Runs an image to its end.</summary>
    /// <param name="peer">The version.</param>
    /// <param name="image">The image.</param>
    /// <param name="cpu">The value of <c>-cpu</c>.</param>
    /// <param name="deadline">How long it may take.</param>
    public static IsaState Run(QemuPeer peer, IsaImage image, string cpu, TimeSpan deadline) => Run(peer, image.Bytes, IsaLayout.Harts, cpu, deadline);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="peer">The version.</param>
    /// <param name="image">The memory from its start; the program sets the mark of its end.</param>
    /// <param name="harts">Number of harts.</param>
    /// <param name="cpu">The value of <c>-cpu</c>.</param>
    /// <param name="deadline">How long it may take.</param>
    public static IsaState Run(QemuPeer peer, byte[] image, int harts, string cpu, TimeSpan deadline)
    {
        using var directory = new TemporaryDirectory();
        string file = directory.File("image");
        File.WriteAllBytes(file, image);
        using VmProcess qemu = VmProcess.StartQemu(
            peer,
            "qemu-system-riscv64",
            "-M", LinuxGuest.ContractMachine, "-cpu", cpu, "-smp", $"{harts}", "-m", $"{IsaLayout.RamBytes >> 20}", "-nodefaults",
            "-bios", "none", "-device", $"loader,file={file},addr=0x{IsaLayout.Ram:x}");
        string look = $"xp /1xg 0x{IsaLayout.Context + IsaLayout.Done:x}";
        string done = $"0x{IsaLayout.DoneMagic:x16}";
        try
        {
            qemu.Qmp.WaitFor("the end of the programs", qmp => qmp.Human(look).Contains(done, StringComparison.Ordinal), deadline);
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException("the programs do not end on QEMU:\n" + qemu.Qmp.Human("info registers") + qemu.Qmp.Human($"xp /1xg 0x{IsaLayout.Context:x}"), error);
        }

        qemu.Qmp.Execute("stop");
        qemu.Qmp.Execute("migrate-set-parameters", new Dictionary<string, object>(StringComparer.Ordinal) { ["max-bandwidth"] = 1L << 33 });
        string stream = qemu.File("stream");
        qemu.Qmp.Execute("migrate", new { uri = "exec:cat > " + stream });
        qemu.Qmp.WaitForMigrationEnd();
        return IsaState.FromStream(stream, IsaLayout.RamBytes);
    }
}
