using System.Globalization;
using Godwit.Testing;
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

    [Fact]
    public void Programs_OnQemuAndGodwit_LeaveTheSameState()
    {
        int count = ReadNumber("GODWIT_ISA_PROGRAMS", 10_000);
        int first = ReadNumber("GODWIT_ISA_SEED", 1);
        for (int done = 0; done < count; done += BatchPrograms)
        {
            // Every third batch has Sv48 and Sv57, which the contract CPU leaves out.
            int mode = done / BatchPrograms % 3 == 2 ? 10 : 8;
            RunBatch(first + done, Math.Min(BatchPrograms, count - done), mode);
        }
    }

    private static int ReadNumber(string name, int byDefault) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : byDefault;

    private void RunBatch(int first, int count, int mode)
    {
        // Locked entries stay until reset, hence they come last.
        var image = IsaImage.Build(
            [.. Enumerable.Range(0, count).Select(i => (i >= count - LockedAtEnd ? IsaKind.LockedPmp : _kinds[i % _kinds.Length], (long)first + i))],
            mode);
        string cpu = mode == 8 ? LinuxGuest.ContractCpu : LinuxGuest.ContractCpu.Replace("sv39=on", "sv57=on", StringComparison.Ordinal);
        IsaState expected = IsaQemu.Run(QemuPeer.Qemu10_0, image, cpu, _deadline);
        IsaState found = IsaGodwit.Run(image, mode, _deadline);
        List<(IsaProgram? Program, string Text)> differences = IsaComparison.Compare(image, expected, found);
        output.WriteLine($"programs {first} to {first + count - 1}, satp modes to {mode}: {differences.Count} differences");
        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(5).Select(d => d.Text)));
    }
}
