using System.Collections.Immutable;

namespace Godwit.Migration;

/// <summary>One row of the parameter table: all that is known about a parameter without setting it.</summary>
public sealed record MigrationParameterInfo
{
    /// <summary>The parameter.</summary>
    public required MigrationParameter Parameter { get; init; }

    /// <summary>Its name in QMP and HMP.</summary>
    public required string Name { get; init; }

    /// <summary>Its type.</summary>
    public required MigrationParameterKind Kind { get; init; }

    /// <summary>Its value before anybody sets one.</summary>
    public required MigrationParameterValue Default { get; init; }

    /// <summary>Smallest allowed number.</summary>
    public ulong Minimum { get; init; }

    /// <summary>Largest allowed number.</summary>
    public ulong Maximum { get; init; } = ulong.MaxValue;

    /// <summary>What the refusal says after "Parameter 'name' expects ".</summary>
    public string RangeText { get; init; } = "";

    /// <summary>The whole refusal, where it does not follow the pattern of the others.</summary>
    public string? WholeRangeError { get; init; }

    /// <summary>The words a <see cref="MigrationParameterKind.Choice"/> takes.</summary>
    public ImmutableArray<string> Choices { get; init; } = [];

    /// <summary>The words, or the one value, that can be used today; null when all can. Others are refused by name.</summary>
    public ImmutableArray<MigrationParameterValue>? Built { get; init; }

    /// <summary>What the human monitor prints after the value, with its leading blank; null when it does not list the parameter.</summary>
    public string? HumanSuffix { get; init; }

    /// <summary>True when the human monitor takes a plain number as MiB.</summary>
    public bool HumanMebibytes { get; init; }
}
