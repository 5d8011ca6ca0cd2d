namespace Godwit.Architecture.Tests;

/// <summary>The floors of the house, as <c>docs/architecture.md</c> draws them: a project uses lower floors only.</summary>
internal static class Floors
{
    public static readonly IReadOnlyDictionary<string, int> Of = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["Godwit.Native"] = 1,
        ["Godwit.Memory"] = 2,
        ["Godwit.Wire"] = 2,
        ["Godwit.Qmp"] = 2,
        ["Godwit.VmState"] = 3,
        ["Godwit.Migration"] = 4,
        ["Godwit.Accel"] = 4,
        ["Godwit.Machine"] = 5,
        ["Godwit.Accel.RiscV"] = 5,
        ["Godwit.Accel.Kvm"] = 5,
        ["Godwit.Snapshot"] = 5,
        ["Godwit.Vmm"] = 6,
        ["Godwit.Monitor"] = 7,
        ["godwit"] = 8,
    };

    /// <summary>Where unsafe code may stand.</summary>
    public static readonly IReadOnlySet<string> Unsafe =
        new HashSet<string>(StringComparer.Ordinal) { "Godwit.Native", "Godwit.Memory", "Godwit.Accel.Kvm", "Godwit.Accel.RiscV" };
}
