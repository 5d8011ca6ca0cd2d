using Godwit.Testing;

namespace Godwit.Interop.Tests;

public sealed class PeerTests
{
    public static TheoryData<string, int> Versions => new() { { "qemu-system-x86_64", 10 }, { "qemu-system-riscv64", 10 }, { "qemu-system-x86_64", 11 }, { "qemu-system-riscv64", 11 } };

    [Theory]
    [MemberData(nameof(Versions))]
    public void Peer_Started_GreetsWithItsVersion(string program, int major)
    {
        string machine = program.EndsWith("riscv64", StringComparison.Ordinal) ? "virt" : "microvm";
        using VmProcess qemu = VmProcess.StartQemu(major == 10 ? QemuPeer.Qemu10_0 : QemuPeer.Qemu11_1, program, "-M", machine, "-nodefaults", "-S");
        Assert.Equal(major, qemu.Qmp.Greeting.GetProperty("version").GetProperty("qemu").GetProperty("major").GetInt32());
        Assert.Equal("prelaunch", qemu.Qmp.RunState);
        qemu.Qmp.Quit();
        Assert.Equal(0, qemu.WaitForExit());
    }
}
