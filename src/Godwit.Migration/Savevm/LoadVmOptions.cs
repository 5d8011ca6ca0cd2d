using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Migration;

/// <summary>What a load compares the stream with, and what it may use.</summary>
public sealed record LoadVmOptions
{
    /// <summary>Who takes state.</summary>
    public required VmStateRegistry Registry { get; init; }

    /// <summary>The concrete machine type of this side.</summary>
    public required string MachineName { get; init; }

    /// <summary>The machine's UUID, if it was given one.</summary>
    public Guid? Uuid { get; init; }

    /// <summary>The capabilities of this side.</summary>
    public MigrationCapabilities Capabilities { get; init; }

    /// <summary>Log2 of the target page size.</summary>
    public uint PageBits { get; init; } = ConfigurationState.FixedPageBits;

    /// <summary>Which release this side presents itself as; decides some texts and rules.</summary>
    public PeerProfile Profile { get; init; } = PeerProfile.Default;

    /// <summary>Held while a START or FULL section is read; null where nothing runs beside the load.</summary>
    public BigLock? BigLock { get; init; }

    /// <summary>The channel on which the source may open a return path; null when there is none.</summary>
    public Channel? ReturnChannel { get; init; }

    /// <summary>Where remarks go that are no errors.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
