using Godwit.Accel.RiscV;
using Godwit.Testing;
using Godwit.VmState;

namespace Godwit.Interop.Tests;

/// <summary>Four harts on the same words: atomics, LR/SC loops, barriers of fences. Whatever the order, the outcome is one.</summary>
public sealed class ContentionTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(120);

    [Fact]
    public void FourHarts_RandomAtomics_LeaveWhatAnyOrderLeaves()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            var program = new ContentionProgram(seed);
            IsaState found = IsaGodwit.Run(
                program.Image(), ContentionProgram.Harts, 8, RiscVCpuModel.Qemu10_0, PeerProfile.Qemu10_0, _deadline);
            Assert.Equal(program.Expected(), ContentionProgram.Found(found.Ram));
        }
    }

    [Theory]
    [InlineData("10.0")]
    [InlineData("11.1")]
    public void FourHartsOfQemu_RandomAtomics_LeaveTheSame(string release)
    {
        QemuPeer peer = release == "10.0" ? QemuPeer.Qemu10_0 : QemuPeer.Qemu11_1;
        var program = new ContentionProgram(release == "10.0" ? 1 : 2);
        IsaState found = IsaQemu.Run(peer, program.Image(), ContentionProgram.Harts, LinuxGuest.ContractCpu, _deadline);
        Assert.Equal(program.Expected(), ContentionProgram.Found(found.Ram));
    }
}
