using System.Collections.Immutable;

namespace Godwit.Migration;

/// <summary>Every parameter name a client may use, with type, default, range and refusal text as the 10.0 peers have them.</summary>
public static class MigrationParameterTable
{
    private const string UpTo100000 = "a value between 0 and 100000";
    private const string Percent99 = "an integer in the range of 1 to 99";

    /// <summary>All rows; the index of a row is the numeric value of its parameter.</summary>
    public static ImmutableArray<MigrationParameterInfo> All { get; } =
    [
        Size(MigrationParameter.AnnounceInitial, "announce-initial", 50, " ms", 0, 100000, UpTo100000),
        Size(MigrationParameter.AnnounceMax, "announce-max", 550, " ms", 0, 100000, UpTo100000),
        Size(MigrationParameter.AnnounceRounds, "announce-rounds", 5, "", 0, 1000, "a value between 0 and 1000"),
        Size(MigrationParameter.AnnounceStep, "announce-step", 100, " ms", 1, 10000, "a value between 0 and 10000"),
        UInt8(MigrationParameter.ThrottleTriggerThreshold, "throttle-trigger-threshold", 50, "", 1, 100, "an integer in the range of 1 to 100"),
        UInt8(MigrationParameter.CpuThrottleInitial, "cpu-throttle-initial", 20, "", 1, 99, Percent99),
        UInt8(MigrationParameter.CpuThrottleIncrement, "cpu-throttle-increment", 10, "", 1, 99, Percent99),
        Boolean(MigrationParameter.CpuThrottleTailslow, "cpu-throttle-tailslow"),

        // The lower bound is the value of cpu-throttle-initial; MigrationParameters checks it.
        UInt8(MigrationParameter.MaxCpuThrottle, "max-cpu-throttle", 99, "", 0, 99, "an integer in the range of cpu_throttle_initial to 99"),
        Text(MigrationParameter.TlsCreds, "tls-creds") with { Built = [MigrationParameterValue.FromText("")] },
        Text(MigrationParameter.TlsHostname, "tls-hostname"),
        Size(MigrationParameter.MaxBandwidth, "max-bandwidth", 134217728, " bytes/second") with { HumanMebibytes = true },
        Size(MigrationParameter.AvailSwitchoverBandwidth, "avail-switchover-bandwidth", 0, " bytes/second") with { HumanMebibytes = true },
        Size(MigrationParameter.DowntimeLimit, "downtime-limit", 300, " ms", 0, 2000000, "an integer in the range of 0 to (2000 * 1000) ms"),
        Size(MigrationParameter.XCheckpointDelay, "x-checkpoint-delay", 20000, " ms") with { Kind = MigrationParameterKind.Word },
        UInt8(MigrationParameter.MultifdChannels, "multifd-channels", 2, "", 1, 255, "a value between 1 and 255"),
        Choice(MigrationParameter.MultifdCompression, "multifd-compression", "none", ["none", "zlib", "zstd"]),
        Choice(MigrationParameter.ZeroPageDetection, "zero-page-detection", "multifd", ["none", "legacy", "multifd"]),

        // A power of two; MigrationParameters checks that.
        Size(MigrationParameter.XbzrleCacheSize, "xbzrle-cache-size", 67108864, " bytes", 4096, ulong.MaxValue,
            "a power of two no less than the target page size"),
        Size(MigrationParameter.MaxPostcopyBandwidth, "max-postcopy-bandwidth", 0, ""),
        Text(MigrationParameter.TlsAuthz, "tls-authz"),
        Size(MigrationParameter.XVcpuDirtyLimitPeriod, "x-vcpu-dirty-limit-period", 1000, " ms", 1, 1000, "") with
        {
            WholeRangeError = "Parameter 'x-vcpu-dirty-limit-period' expects a value between 1 and 1000",
        },
        Size(MigrationParameter.VcpuDirtyLimit, "vcpu-dirty-limit", 1, " MB/s", 1, ulong.MaxValue, "") with
        {
            WholeRangeError = "Parameter 'vcpu_dirty_limit' must be greater than 1 MB/s",
        },
        Choice(MigrationParameter.Mode, "mode", "normal", ["normal", "cpr-reboot", "cpr-transfer"], ["normal"]),
        Boolean(MigrationParameter.DirectIo, "direct-io"),
        UInt8(MigrationParameter.MultifdZlibLevel, "multifd-zlib-level", 1, null, 0, 9, "a value between 0 and 9"),
        UInt8(MigrationParameter.MultifdZstdLevel, "multifd-zstd-level", 1, null, 0, 20, "a value between 0 and 20"),
        UInt8(MigrationParameter.MultifdQatzipLevel, "multifd-qatzip-level", 1, null, 1, 9, "a value between 1 and 9"),
        new()
        {
            Parameter = MigrationParameter.BlockBitmapMapping,
            Name = "block-bitmap-mapping",
            Kind = MigrationParameterKind.List,
            Default = MigrationParameterValue.Null,
            Built = [],
        },

        // The wire does not say in advance what the destination is.
        Choice(MigrationParameter.XPeerVersion, "x-peer-version", PeerVersion.Automatic, [PeerVersion.Automatic, "10.0", "11.1"]),

        // 0: the main channel may stall for ever, as at the peers.
        Size(MigrationParameter.XChannelTimeout, "x-channel-timeout", 0, " s", 0, 1_000_000, "a number of seconds from 0 to 1000000") with
        {
            Kind = MigrationParameterKind.Word,
            WholeRangeError = "Parameter 'x-channel-timeout' expects a number of seconds from 0 to 1000000",
        },
    ];

    /// <summary>The row of a parameter.</summary>
    public static MigrationParameterInfo Get(MigrationParameter parameter) => All[(int)parameter];

    /// <summary>Finds a row by name; null when the name is unknown.</summary>
    public static MigrationParameterInfo? Find(string name)
    {
        foreach (var row in All)
        {
            if (string.Equals(row.Name, name, StringComparison.Ordinal))
                return row;
        }

        return null;
    }

    private static MigrationParameterInfo Size(
        MigrationParameter parameter, string name, ulong value, string? suffix,
        ulong minimum = 0, ulong maximum = ulong.MaxValue, string rangeText = "") => new()
        {
            Parameter = parameter,
            Name = name,
            Kind = MigrationParameterKind.Size,
            Default = MigrationParameterValue.FromInteger(value),
            Minimum = minimum,
            Maximum = maximum,
            RangeText = rangeText,
            HumanSuffix = suffix,
        };

    private static MigrationParameterInfo UInt8(
        MigrationParameter parameter, string name, ulong value, string? suffix, ulong minimum, ulong maximum, string rangeText) =>
        Size(parameter, name, value, suffix, minimum, maximum, rangeText) with { Kind = MigrationParameterKind.Octet };

    private static MigrationParameterInfo Boolean(MigrationParameter parameter, string name) => new()
    {
        Parameter = parameter,
        Name = name,
        Kind = MigrationParameterKind.Boolean,
        Default = MigrationParameterValue.FromBoolean(false),
        HumanSuffix = "",
    };

    private static MigrationParameterInfo Text(MigrationParameter parameter, string name) => new()
    {
        Parameter = parameter,
        Name = name,
        Kind = MigrationParameterKind.Text,
        Default = MigrationParameterValue.FromText(""),
        HumanSuffix = "",
    };

    private static MigrationParameterInfo Choice(
        MigrationParameter parameter, string name, string value, ImmutableArray<string> choices, string[]? built = null) => new()
        {
            Parameter = parameter,
            Name = name,
            Kind = MigrationParameterKind.Choice,
            Default = MigrationParameterValue.FromText(value),
            Choices = choices,
            Built = built is null ? null : [.. Array.ConvertAll(built, MigrationParameterValue.FromText)],
            HumanSuffix = "",
        };
}
