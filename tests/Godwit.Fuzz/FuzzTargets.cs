namespace Godwit.Fuzz;

/// <summary>All targets, by name.</summary>
internal static class FuzzTargets
{
    /// <summary>The names, in the order in which "all" runs them.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["stream", "inspect", "vmstate", "ram", "ram-runs", "return-path", "qmp-json", "address"];

    /// <summary>Makes a target; null for an unknown name.</summary>
    public static FuzzTarget? Create(string name) => name switch
    {
        "stream" => new StreamTarget(),
        "inspect" => new InspectTarget(),
        "vmstate" => new VmStateTarget(),
        "ram" => new RamTarget(),
        "ram-runs" => new RamRunsTarget(),
        "return-path" => new ReturnPathTarget(),
        "qmp-json" => new QmpJsonTarget(),
        "address" => new AddressTarget(),
        _ => null,
    };
}
