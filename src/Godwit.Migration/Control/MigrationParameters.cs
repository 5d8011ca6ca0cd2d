using System.Collections.Immutable;
using System.Globalization;

namespace Godwit.Migration;

/// <summary>An immutable set of parameter values; <see cref="Default"/> is what a new process has.</summary>
public sealed class MigrationParameters
{
    private readonly ImmutableArray<MigrationParameterValue> _values;

    private MigrationParameters(ImmutableArray<MigrationParameterValue> values) => _values = values;

    /// <summary>All defaults.</summary>
    public static MigrationParameters Default { get; } = new([.. MigrationParameterTable.All.Select(row => row.Default)]);

    /// <summary>The value of a parameter.</summary>
    public MigrationParameterValue this[MigrationParameter parameter] => _values[(int)parameter];

    /// <summary>Bytes per second on all channels together; 0 is unlimited.</summary>
    public ulong MaxBandwidthBytesPerSecond => this[MigrationParameter.MaxBandwidth].Number;

    /// <summary>Bytes per second assumed in the switchover decision; 0 is to estimate.</summary>
    public ulong AvailSwitchoverBandwidthBytesPerSecond => this[MigrationParameter.AvailSwitchoverBandwidth].Number;

    /// <summary>Bytes per second of background pages in postcopy; 0 is unlimited.</summary>
    public ulong MaxPostcopyBandwidthBytesPerSecond => this[MigrationParameter.MaxPostcopyBandwidth].Number;

    /// <summary>Longest stop of the guest to aim for.</summary>
    public TimeSpan DowntimeLimit => TimeSpan.FromMilliseconds((long)this[MigrationParameter.DowntimeLimit].Number);

    /// <summary>Number of data channels besides the main one.</summary>
    public int MultifdChannels => (int)this[MigrationParameter.MultifdChannels].Number;

    /// <summary><c>none</c>, <c>zlib</c> or <c>zstd</c>.</summary>
    public string MultifdCompression => this[MigrationParameter.MultifdCompression].Text;

    /// <summary>Who looks for zero pages: <c>none</c>, <c>legacy</c> or <c>multifd</c>.</summary>
    public string ZeroPageDetection => this[MigrationParameter.ZeroPageDetection].Text;

    /// <summary>How long a channel may go without a byte; null for ever.</summary>
    public TimeSpan? ChannelTimeout => this[MigrationParameter.XChannelTimeout].Number is var seconds and not 0 ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Bytes of the page cache.</summary>
    public ulong XbzrleCacheSizeBytes => this[MigrationParameter.XbzrleCacheSize].Number;

    /// <summary>True when data channels are compressed or any channel is encrypted.</summary>
    public bool IsCompressedOrEncrypted =>
        !string.Equals(MultifdCompression, "none", StringComparison.Ordinal) || this[MigrationParameter.TlsCreds].Text.Length != 0;

    /// <summary>The set with some values replaced, each checked for type and range.</summary>
    /// <param name="changes">Names and values as the client gave them; a later one wins.</param>
    /// <exception cref="MigrationRefusedException">Unknown name, wrong type, out of range, not built yet, or the result does not fit together.</exception>
    public MigrationParameters With(IEnumerable<KeyValuePair<string, MigrationParameterValue>> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        var values = _values.ToBuilder();
        var changed = new List<MigrationParameterInfo>();
        foreach (var (name, value) in changes)
        {
            var row = MigrationParameterTable.Find(name) ?? throw new MigrationRefusedException($"Parameter '{name}' is unexpected");
            values[(int)row.Parameter] = Convert(row, value);
            changed.Add(row);
        }

        // Types of the whole request come before ranges, as for any other command.
        var result = new MigrationParameters(values.ToImmutable());
        foreach (var row in MigrationParameterTable.All)
            result.CheckRange(row);
        foreach (var row in changed)
        {
            if (row.Built is { } built && !built.Contains(result[row.Parameter]))
                throw new MigrationRefusedException($"Parameter '{row.Name}' is not built yet with value '{result[row.Parameter]}'");
        }

        return result;
    }

    /// <summary>The set with one value replaced.</summary>
    /// <exception cref="MigrationRefusedException">As <see cref="With(IEnumerable{KeyValuePair{string, MigrationParameterValue}})"/>.</exception>
    public MigrationParameters With(string name, MigrationParameterValue value) => With([KeyValuePair.Create(name, value)]);

    private static MigrationParameterValue Convert(MigrationParameterInfo row, MigrationParameterValue value)
    {
        switch (row.Kind)
        {
            case MigrationParameterKind.Boolean:
                return value.IsBoolean ? value : throw WrongType(row, "boolean");
            case MigrationParameterKind.Text:
                if (value.IsNull)
                    return MigrationParameterValue.FromText("");
                return value.IsText ? value : throw WrongType(row, "StrOrNull");
            case MigrationParameterKind.Choice:
                if (!value.IsText)
                    throw WrongType(row, "string");
                if (!row.Choices.Contains(value.Text, StringComparer.Ordinal))
                    throw new MigrationRefusedException($"Parameter '{row.Name}' does not accept value '{value.Text}'");
                return value;
            case MigrationParameterKind.List:
                return value;
            default:
                if (!value.IsInteger)
                    throw new MigrationRefusedException($"Parameter '{row.Name}' expects uint64");
                if (row.Kind == MigrationParameterKind.Octet && value.Number > byte.MaxValue)
                    throw new MigrationRefusedException($"Parameter '{row.Name}' expects uint8_t");
                if (row.Kind == MigrationParameterKind.Word && value.Number > uint.MaxValue)
                    throw new MigrationRefusedException($"Parameter '{row.Name}' expects uint32_t");
                return value;
        }
    }

    private static MigrationRefusedException WrongType(MigrationParameterInfo row, string expected) =>
        new($"Invalid parameter type for '{row.Name}', expected: {expected}");

    private void CheckRange(MigrationParameterInfo row)
    {
        if (row.Kind is not (MigrationParameterKind.Size or MigrationParameterKind.Octet or MigrationParameterKind.Word))
            return;
        var number = this[row.Parameter].Number;
        var minimum = row.Parameter == MigrationParameter.MaxCpuThrottle ? this[MigrationParameter.CpuThrottleInitial].Number : row.Minimum;
        var fits = number >= minimum && number <= row.Maximum;
        if (row.Parameter == MigrationParameter.XbzrleCacheSize)
            fits = fits && ulong.IsPow2(number);
        if (!fits)
        {
            var name = row.Name.Replace('-', '_');
            throw new MigrationRefusedException(
                row.WholeRangeError ?? string.Create(CultureInfo.InvariantCulture, $"Parameter '{name}' expects {row.RangeText}"));
        }
    }
}
