using Godwit.Accel.RiscV;
using Godwit.Testing;
using Godwit.VmState;

namespace Godwit.Interop.Tests;

/// <summary>Programs in the manner of a conformance suite leave on Godwit what they leave on a real QEMU: log, memory, registers.</summary>
public sealed class SuiteTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    public static TheoryData<string, string> Programs
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string name in SuitePrograms.Names)
            {
                data.Add(name, "10.0");
                data.Add(name, "11.1");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Program_OnQemuAndGodwit_LeavesTheSame(string name, string release)
    {
        byte[] image = SuitePrograms.Image(name);
        bool isOld = release == "10.0";
        IsaState expected = IsaQemu.Run(isOld ? QemuPeer.Qemu10_0 : QemuPeer.Qemu11_1, image, IsaLayout.Harts, LinuxGuest.ContractCpu, _deadline);
        IsaState found = isOld
            ? IsaGodwit.Run(image, IsaLayout.Harts, 8, RiscVCpuModel.Qemu10_0, PeerProfile.Qemu10_0, _deadline)
            : IsaGodwit.Run(image, IsaLayout.Harts, 8, RiscVCpuModel.Qemu11_1, PeerProfile.Qemu11_1, _deadline);
        List<string> differences = IsaComparison.CompareStates(expected, found);
        Assert.True(differences.Count == 0, $"{name}: {string.Join('\n', differences.Take(40))}");
    }
}
