using System.Text;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>The configuration at the head of a stream: which machine this is, and the settings both sides must share.</summary>
/// <remarks>It is a description's body without name, version, length or footer. <c>docs/formats/commands.md</c>, "configuration".</remarks>
public sealed class ConfigurationState
{
    /// <summary>Longest machine name that is read; real ones have a dozen characters.</summary>
    public const int MaxNameBytes = 255;

    /// <summary>Page bits of targets that cannot change them; such targets do not send the subsection.</summary>
    public const uint FixedPageBits = 12;

    private const int MaxCapabilities = 64;
    private const int UuidBytes = 16;

    private readonly byte[] _uuid = new byte[UuidBytes];
    private byte[] _name = [];
    private uint _nameLength;
    private uint _capabilityCount;
    private uint _pageBits = FixedPageBits;
    private bool _hasUuid;

    /// <summary>The concrete machine type, never an alias.</summary>
    public string MachineName
    {
        get => Encoding.Latin1.GetString(_name);
        set
        {
            _name = Encoding.Latin1.GetBytes(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(_name.Length, MaxNameBytes, nameof(value));
        }
    }

    /// <summary>The capabilities both sides compare that are on at the source.</summary>
    public IList<MigrationCapability> Capabilities { get; } = new List<MigrationCapability>();

    /// <summary>The machine's UUID, when it is to be compared.</summary>
    public Guid? Uuid
    {
        get => _hasUuid ? new Guid(_uuid, bigEndian: true) : null;
        set
        {
            _hasUuid = value is not null;
            value?.TryWriteBytes(_uuid, bigEndian: true, out _);
        }
    }

    /// <summary>Log2 of the target page size.</summary>
    public uint PageBits
    {
        get => _pageBits;
        set => _pageBits = value;
    }

    /// <summary>True for a target whose page size can vary, which always sends its page bits.</summary>
    public bool SendsPageBits { get; set; }

    /// <summary>The table of the section.</summary>
    public static VmStateDescription<ConfigurationState> Description { get; } = new("configuration", version: 1, minimumVersion: 1)
    {
        PreSave = static state => state._nameLength = (uint)state._name.Length,
        Fields =
        [
            Field.UInt32("len", (ConfigurationState state) => ref state._nameLength),
            Field.VBuffer(
                "name", (ConfigurationState state) => state._name, state => state._nameLength, MaxNameBytes,
                static (state, length) => state._name = new byte[length]),
        ],
        Subsections =
        [
            new VmStateDescription<ConfigurationState>("configuration/target-page-bits", version: 1, minimumVersion: 1)
            {
                Needed = state => state.SendsPageBits,
                Fields = [Field.UInt32("target_page_bits", (ConfigurationState state) => ref state._pageBits)],
            },
            new VmStateDescription<ConfigurationState>("configuration/capabilities", version: 1, minimumVersion: 1)
            {
                Needed = state => state.Capabilities.Count != 0,
                PreSave = static state => state._capabilityCount = (uint)state.Capabilities.Count,
                PreLoad = static state => state.Capabilities.Clear(),
                Fields =
                [
                    Field.UInt32("caps_count", (ConfigurationState state) => ref state._capabilityCount),
                    Field.CustomArray<ConfigurationState>(
                        "capabilities", "capability", SaveCapability, LoadCapability, state => state._capabilityCount, MaxCapabilities),
                ],
            },
            new VmStateDescription<ConfigurationState>("configuration/uuid", version: 1, minimumVersion: 1)
            {
                Needed = state => state._hasUuid,
                PostLoad = static (state, _) => state._hasUuid = true,
                Fields = [Field.UInt8Array("uuid.data", (ConfigurationState state) => state._uuid.AsSpan())],
            },
        ],
    };

    /// <summary>What this machine would send, and what it compares with.</summary>
    public static ConfigurationState Create(string machineName, Guid? uuid, MigrationCapabilities capabilities)
    {
        var state = new ConfigurationState { MachineName = machineName, Uuid = capabilities.ValidateUuid ? uuid : null };
        foreach (var row in MigrationCapabilityTable.All)
        {
            if (row.IsValidated && capabilities[row.Capability])
                state.Capabilities.Add(row.Capability);
        }

        return state;
    }

    private static void SaveCapability(ConfigurationState state, int index, MigrationWriter writer) =>
        writer.WriteCountedString(state.Capabilities[index].ToQapiName());

    private static void LoadCapability(ConfigurationState state, int index, MigrationReader reader)
    {
        var name = reader.ReadCountedString();
        if (!MigrationCapabilityTable.TryParse(name, out var capability))
            throw new VmStateException($"Received unknown capability {name}", "a capability known here", name);
        if (!state.Capabilities.Contains(capability))
            state.Capabilities.Add(capability);
    }
}
