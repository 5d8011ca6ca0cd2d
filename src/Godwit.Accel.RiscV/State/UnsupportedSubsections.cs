using Godwit.VmState;

namespace Godwit.Accel.RiscV;

/// <summary>
/// Subsections of CPUs with features that the contract does not have: each is refused by name, with the option that leaves it out.
/// </summary>
internal static class UnsupportedSubsections
{
    internal static IReadOnlyList<VmStateDescription<CpuState>> All { get; } =
    [
        Refuse("cpu/hyper", "the hypervisor extension", "h=off"),
        Refuse("cpu/vector", "the vector extension", "v=off"),
        Refuse("cpu/pointer_masking", "pointer masking", "j=off"),
        Refuse("cpu/rv128", "128-bit registers", "-cpu rv64"),
        Refuse("cpu/kvmtimer", "a CPU of a KVM host", "-accel tcg"),
        Refuse("cpu/debug", "debug triggers", "debug=off"),
        Refuse("cpu/smtateen", "state enable", "smstateen=off"),
        Refuse("cpu/jvt", "table jumps", "zcmt=off"),
        Refuse("cpu/elp", "landing pads", "zicfilp=off"),
        Refuse("cpu/ssp", "shadow stacks", "zicfiss=off"),
        Refuse("cpu/ctr", "control transfer records", "smctr=off,ssctr=off"),
        Refuse("cpu/timer", "the supervisor timer extension", "sstc=off"),
        Refuse("cpu/mseccfg", "machine security configuration", "smepmp=off,zkr=off,smmpm=off,zicfilp=off"),
    ];

    private static VmStateDescription<CpuState> Refuse(string name, string feature, string option) => new(name, uint.MaxValue)
    {
        Needed = _ => false,
        PreLoad = _ => throw new VmStateException(
            $"the source's CPU has {feature}, which this machine has not; start the source with {option} in its -cpu option"),
    };
}
