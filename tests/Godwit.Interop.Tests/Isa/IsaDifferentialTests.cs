using System.Globalization;
using Godwit.Accel.RiscV;
using Godwit.Testing;
using Godwit.VmState;
using Xunit.Abstractions;

namespace Godwit.Interop.Tests;

/// <summary>
/// The same generated bare-metal programs on a real QEMU and on Godwit: registers, CSRs, traps, memory and the <c>cpu</c> section must be equal.
/// docs/testing.md, "ISA differential".
/// </summary>
public sealed class IsaDifferentialTests(ITestOutputHelper output)
{
    private const int BatchPrograms = 2500;
    private const int LockedAtEnd = 12;
    private static readonly IsaKind[] _kinds = [IsaKind.Integer, IsaKind.Float, IsaKind.Csr, IsaKind.Paging, IsaKind.Pmp, IsaKind.Interrupt];
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData("10.0")]
    [InlineData("11.1")]
    public void Programs_OnQemuAndGodwit_LeaveTheSameState(string release)
    {
        int count = ReadNumber("GODWIT_ISA_PROGRAMS", 10_000);
        int first = ReadNumber("GODWIT_ISA_SEED", 1);
        for (int done = 0; done < count; done += BatchPrograms)
        {
            // Every third batch has Sv48 and Sv57, which the contract CPU leaves out.
            int mode = done / BatchPrograms % 3 == 2 ? 10 : 8;
            RunBatch(release, first + done, Math.Min(BatchPrograms, count - done), mode);
        }
    }

    private static int ReadNumber(string name, int byDefault) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : byDefault;

    private void RunBatch(string release, int first, int count, int mode)
    {
        bool isOld = release == "10.0";

        // Locked entries stay until reset, hence they come last.
        var image = IsaImage.Build(
            [.. Enumerable.Range(0, count).Select(i => (i >= count - LockedAtEnd ? IsaKind.LockedPmp : _kinds[i % _kinds.Length], (long)first + i))],
            mode,
            avoidsQuirks: !isOld);
        string cpu = mode == 8 ? LinuxGuest.ContractCpu : LinuxGuest.ContractCpu.Replace("sv39=on", "sv57=on", StringComparison.Ordinal);
        IsaState expected = IsaQemu.Run(isOld ? QemuPeer.Qemu10_0 : QemuPeer.Qemu11_1, image, cpu, _deadline);
        IsaState found = isOld
            ? IsaGodwit.Run(image, mode, RiscVCpuModel.Qemu10_0, PeerProfile.Qemu10_0, _deadline)
            : IsaGodwit.Run(image, mode, RiscVCpuModel.Qemu11_1, PeerProfile.Qemu11_1, _deadline);
        List<(IsaProgram? Program, string Text)> differences = IsaComparison.Compare(image, expected, found, hasQuirks: !isOld, out int explained);
        output.WriteLine($"{release}, programs {first} to {first + count - 1}, satp modes to {mode}: {differences.Count} differences, {explained} explained by quirks");
        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(5).Select(d => d.Text)));
        Assert.InRange(explained, 0, Math.Max(2, count / 100));
    }
}
