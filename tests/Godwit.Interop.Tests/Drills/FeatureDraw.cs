using System.Globalization;
using Godwit.Migration;

namespace Godwit.Interop.Tests;

/// <summary>A migration's features and its fate, drawn by lot.</summary>
internal sealed record FeatureDraw
{
    private FeatureDraw()
    {
        Transport = "unix";
        Compression = "none";
        ZeroPages = "legacy";
        XbzrleCacheBytes = 1 << 20;
        Fate = "none";
    }

    private FeatureDraw(Random random)
    {
        Transport = Pick(random, "tcp", "tcp", "unix", "unix", "file");
        string kind = Transport == "file" ? Pick(random, "plain", "mapped-ram", "mapped-ram") : Pick(random, "plain", "xbzrle", "multifd", "multifd");
        MappedRam = kind == "mapped-ram";
        Xbzrle = kind == "xbzrle";
        Channels = kind == "multifd" || (MappedRam && random.Next(2) == 0) ? random.Next(1, 13) : 0;
        Compression = kind == "multifd" ? Pick(random, "none", "zlib", "zstd") : "none";
        ZeroPages = Pick(random, "none", "legacy", "multifd");
        DirectIo = MappedRam && Channels > 0 && random.Next(2) == 0;
        AutoConverge = random.Next(3) == 0;
        XbzrleCacheBytes = 1L << random.Next(16, 26);
        Fate = Pick(random, "none", "cancel", "cut");
        MaxBandwidth = Fate == "cancel" || random.Next(4) == 0 ? random.Next(16, 128) << 20 : 0;
        AfterShare = random.NextDouble();
        CutConnection = random.Next(0, Channels + 1);
    }

    /// <summary>Nothing special.</summary>
    public static FeatureDraw Plain { get; } = new();

    /// <summary><c>tcp</c>, <c>unix</c> or <c>file</c>.</summary>
    public string Transport { get; }

    public bool MappedRam { get; }

    public bool Xbzrle { get; }

    /// <summary>Data channels, 0 for none.</summary>
    public int Channels { get; }

    public string Compression { get; }

    public string ZeroPages { get; }

    public bool DirectIo { get; }

    public bool AutoConverge { get; }

    public long XbzrleCacheBytes { get; }

    /// <summary><c>none</c>, <c>cancel</c> or <c>cut</c>.</summary>
    public string Fate { get; }

    public long MaxBandwidth { get; }

    /// <summary>When the fate strikes: this share of what the migration is expected to send.</summary>
    public double AfterShare { get; }

    /// <summary>Which connection is cut, by the order in which they are made.</summary>
    public int CutConnection { get; }

    public static FeatureDraw Draw(Random random) => new(random);

    /// <summary>Prepares one end.</summary>
    public void ApplyTo(MigrationSettings settings)
    {
        settings.SetParameters([KeyValuePair.Create("direct-io", MigrationParameterValue.FromBoolean(false))]);
        settings.SetCapabilities(
        [
            KeyValuePair.Create("return-path", Transport != "file"),
            KeyValuePair.Create("mapped-ram", MappedRam),
            KeyValuePair.Create("xbzrle", Xbzrle),
            KeyValuePair.Create("multifd", Channels > 0),
            KeyValuePair.Create("auto-converge", AutoConverge),
        ]);
        settings.SetParameters(
        [
            KeyValuePair.Create("multifd-channels", MigrationParameterValue.FromInteger(Math.Max(1, Channels))),
            KeyValuePair.Create("multifd-compression", MigrationParameterValue.FromText(Compression)),
            KeyValuePair.Create("zero-page-detection", MigrationParameterValue.FromText(ZeroPages)),
            KeyValuePair.Create("direct-io", MigrationParameterValue.FromBoolean(DirectIo)),
            KeyValuePair.Create("xbzrle-cache-size", MigrationParameterValue.FromInteger(XbzrleCacheBytes)),
            KeyValuePair.Create("max-bandwidth", MigrationParameterValue.FromInteger(MaxBandwidth)),
        ]);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Transport}{(MappedRam ? " mapped-ram" : "")}{(Xbzrle ? $" xbzrle {XbzrleCacheBytes}" : "")}{(Channels > 0 ? $" multifd {Channels} {Compression}" : "")}"
        + $"{(DirectIo ? " direct-io" : "")}{(AutoConverge ? " auto-converge" : "")} zero pages {ZeroPages}, {MaxBandwidth >> 20} MiB/s, {Fate}"
        + $"{(Fate == "none" ? "" : $" at {AfterShare:F3}")}{(Fate == "cut" ? $" connection {CutConnection}" : "")}");

    private static string Pick(Random random, params ReadOnlySpan<string> from) => from[random.Next(from.Length)];
}
