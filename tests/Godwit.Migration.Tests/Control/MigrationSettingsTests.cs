namespace Godwit.Migration.Tests.Control;

public class MigrationSettingsTests
{
    public static TheoryData<string[], string> RefusedCombinations => new()
    {
        { ["postcopy-ram", "x-ignore-shared"], "Postcopy is not compatible with ignore-shared" },
        { ["postcopy-ram", "multifd"], "Postcopy is not yet compatible with multifd" },
        { ["background-snapshot", "postcopy-ram"], "Background-snapshot is not compatible with postcopy-ram" },
        { ["background-snapshot", "dirty-bitmaps"], "Background-snapshot is not compatible with dirty-bitmaps" },
        { ["background-snapshot", "postcopy-blocktime"], "Background-snapshot is not compatible with postcopy-blocktime" },
        { ["background-snapshot", "late-block-activate"], "Background-snapshot is not compatible with late-block-activate" },
        { ["background-snapshot", "return-path"], "Background-snapshot is not compatible with return-path" },
        { ["background-snapshot", "multifd", "return-path"], "Background-snapshot is not compatible with return-path" },
        { ["background-snapshot", "multifd"], "Background-snapshot is not compatible with multifd" },
        { ["background-snapshot", "pause-before-switchover"], "Background-snapshot is not compatible with pause-before-switchover" },
        { ["background-snapshot", "auto-converge"], "Background-snapshot is not compatible with auto-converge" },
        { ["background-snapshot", "release-ram"], "Background-snapshot is not compatible with release-ram" },
        { ["background-snapshot", "rdma-pin-all"], "Background-snapshot is not compatible with rdma-pin-all" },
        { ["background-snapshot", "xbzrle"], "Background-snapshot is not compatible with xbzrle" },
        { ["background-snapshot", "x-colo"], "Background-snapshot is not compatible with x-colo" },
        { ["background-snapshot", "validate-uuid"], "Background-snapshot is not compatible with validate-uuid" },
        { ["background-snapshot", "zero-copy-send"], "Background-snapshot is not compatible with zero-copy-send" },
        { ["zero-copy-send"], "Zero copy only available for non-compressed non-TLS multifd migration" },
        { ["zero-copy-send", "multifd", "xbzrle"], "Zero copy only available for non-compressed non-TLS multifd migration" },
        { ["postcopy-preempt"], "Postcopy preempt requires postcopy-ram" },
        { ["switchover-ack"], "Capability 'switchover-ack' requires capability 'return-path'" },
        { ["dirty-limit", "auto-converge"], "dirty-limit conflicts with auto-converge either of then available currently" },
        { ["dirty-limit"], "dirty-limit requires KVM with accelerator property 'dirty-ring-size' set" },
        { ["multifd", "xbzrle"], "Multifd is not compatible with xbzrle" },
        { ["mapped-ram", "xbzrle"], "Mapped-ram migration is incompatible with xbzrle" },
        { ["mapped-ram", "postcopy-ram"], "Mapped-ram migration is incompatible with postcopy" },
    };

    public static TheoryData<string, long, string> OutOfRange => new()
    {
        { "throttle-trigger-threshold", 0, "Parameter 'throttle_trigger_threshold' expects an integer in the range of 1 to 100" },
        { "throttle-trigger-threshold", 101, "Parameter 'throttle_trigger_threshold' expects an integer in the range of 1 to 100" },
        { "cpu-throttle-initial", 0, "Parameter 'cpu_throttle_initial' expects an integer in the range of 1 to 99" },
        { "cpu-throttle-increment", 100, "Parameter 'cpu_throttle_increment' expects an integer in the range of 1 to 99" },
        { "max-cpu-throttle", 19, "Parameter 'max_cpu_throttle' expects an integer in the range of cpu_throttle_initial to 99" },
        { "max-cpu-throttle", 100, "Parameter 'max_cpu_throttle' expects an integer in the range of cpu_throttle_initial to 99" },
        { "downtime-limit", 2000001, "Parameter 'downtime_limit' expects an integer in the range of 0 to (2000 * 1000) ms" },
        { "multifd-channels", 0, "Parameter 'multifd_channels' expects a value between 1 and 255" },
        { "multifd-zlib-level", 10, "Parameter 'multifd_zlib_level' expects a value between 0 and 9" },
        { "multifd-zstd-level", 21, "Parameter 'multifd_zstd_level' expects a value between 0 and 20" },
        { "multifd-qatzip-level", 0, "Parameter 'multifd_qatzip_level' expects a value between 1 and 9" },
        { "xbzrle-cache-size", 2048, "Parameter 'xbzrle_cache_size' expects a power of two no less than the target page size" },
        { "xbzrle-cache-size", 12288, "Parameter 'xbzrle_cache_size' expects a power of two no less than the target page size" },
        { "announce-initial", 100001, "Parameter 'announce_initial' expects a value between 0 and 100000" },
        { "announce-max", 100001, "Parameter 'announce_max' expects a value between 0 and 100000" },
        { "announce-rounds", 1001, "Parameter 'announce_rounds' expects a value between 0 and 1000" },
        { "announce-step", 0, "Parameter 'announce_step' expects a value between 0 and 10000" },
        { "x-vcpu-dirty-limit-period", 0, "Parameter 'x-vcpu-dirty-limit-period' expects a value between 1 and 1000" },
        { "vcpu-dirty-limit", 0, "Parameter 'vcpu_dirty_limit' must be greater than 1 MB/s" },
        { "multifd-channels", 256, "Parameter 'multifd-channels' expects uint8_t" },
        { "x-checkpoint-delay", 4294967296, "Parameter 'x-checkpoint-delay' expects uint32_t" },
    };

    [Theory]
    [MemberData(nameof(RefusedCombinations))]
    public void Check_Combination_IsRefusedWithItsText(string[] names, string expected)
    {
        var wanted = default(MigrationCapabilities);
        foreach (var name in names)
        {
            Assert.True(MigrationCapabilityTable.TryParse(name, out var capability));
            wanted = wanted.With(capability);
        }

        Assert.Equal(expected, MigrationCapabilityRules.Check(wanted, default, MigrationParameters.Default, new MigrationEnvironment()));
    }

    [Theory]
    [InlineData("multifd", "Multifd must be set before incoming starts")]
    [InlineData("postcopy-preempt", "Postcopy preempt must be set before incoming starts")]
    public void Check_ListenerExists_ChannelsCannotBeAddedAnyMore(string name, string expected)
    {
        Assert.True(MigrationCapabilityTable.TryParse(name, out var capability));
        var wanted = default(MigrationCapabilities).With(capability).With(MigrationCapability.PostcopyRam, name.StartsWith("post", StringComparison.Ordinal));
        var environment = new MigrationEnvironment(IncomingListenerStarted: true);

        Assert.Equal(expected, MigrationCapabilityRules.Check(wanted, default, MigrationParameters.Default, environment));
        Assert.Null(MigrationCapabilityRules.Check(wanted, wanted, MigrationParameters.Default, environment));
    }

    [Fact]
    public void Table_Names_AreThePeersInItsOrder()
    {
        string[] expected =
        [
            "xbzrle", "rdma-pin-all", "auto-converge", "zero-blocks", "events", "postcopy-ram", "x-colo", "release-ram", "return-path",
            "pause-before-switchover", "multifd", "dirty-bitmaps", "postcopy-blocktime", "late-block-activate", "x-ignore-shared",
            "validate-uuid", "background-snapshot", "zero-copy-send", "postcopy-preempt", "switchover-ack", "dirty-limit", "mapped-ram",
        ];

        Assert.Equal(expected, MigrationCapabilityTable.All.Select(row => row.Name));
        Assert.All(MigrationCapabilityTable.All, row => Assert.Equal((int)row.Capability, MigrationCapabilityTable.All.IndexOf(row)));
    }

    [Fact]
    public void SetCapabilities_NotBuilt_IsRefusedByNameAndNothingChanges()
    {
        var settings = new MigrationSettings();
        var unbuilt = MigrationCapabilityTable.All.First(row => !row.IsBuilt);

        var refusal = Assert.Throws<MigrationRefusedException>(() => settings.SetCapabilities(
            [KeyValuePair.Create("events", true), KeyValuePair.Create(unbuilt.Name, true)]));

        Assert.Equal($"Capability '{unbuilt.Name}' is not built yet", refusal.Message);
        Assert.False(settings.Capabilities.Events);
        settings.SetCapabilities([KeyValuePair.Create(unbuilt.Name, false)]);
    }

    [Fact]
    public void SetCapabilities_UnknownName_IsRefused()
    {
        var refusal = Assert.Throws<MigrationRefusedException>(() => new MigrationSettings().SetCapabilities([KeyValuePair.Create("bogus", true)]));

        Assert.Equal("Parameter 'capability' does not accept value 'bogus'", refusal.Message);
    }

    [Fact]
    public void SetCapabilities_LaterEntry_Wins()
    {
        var settings = new MigrationSettings();

        settings.SetCapabilities([KeyValuePair.Create("events", true), KeyValuePair.Create("events", false), KeyValuePair.Create("return-path", true)]);

        Assert.False(settings.Capabilities.Events);
        Assert.True(settings.Capabilities.ReturnPath);
    }

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void SetParameters_OutOfRange_IsRefusedWithItsText(string name, long value, string expected)
    {
        var settings = new MigrationSettings();

        var refusal = Assert.Throws<MigrationRefusedException>(() => settings.SetParameters(
            [KeyValuePair.Create("downtime-limit", MigrationParameterValue.FromInteger(1)), KeyValuePair.Create(name, MigrationParameterValue.FromInteger(value))]));

        Assert.Equal(expected, refusal.Message);
        Assert.Same(MigrationParameters.Default, settings.Parameters);
    }

    [Fact]
    public void SetParameters_WrongTypes_AreRefusedWithTheirTexts()
    {
        var settings = new MigrationSettings();

        Assert.Equal("Parameter 'max-bandwidth' expects uint64", Refusal("max-bandwidth", MigrationParameterValue.FromText("1G")));
        Assert.Equal("Invalid parameter type for 'direct-io', expected: boolean", Refusal("direct-io", MigrationParameterValue.FromInteger(1L)));
        Assert.Equal("Invalid parameter type for 'tls-creds', expected: StrOrNull", Refusal("tls-creds", MigrationParameterValue.FromInteger(1L)));
        Assert.Equal("Parameter 'mode' does not accept value 'bogus'", Refusal("mode", MigrationParameterValue.FromText("bogus")));
        Assert.Equal("Parameter 'bogus' is unexpected", Refusal("bogus", MigrationParameterValue.Null));
        Assert.Contains("not built yet", Refusal("mode", MigrationParameterValue.FromText("cpr-reboot")), StringComparison.Ordinal);

        string Refusal(string name, MigrationParameterValue value) =>
            Assert.Throws<MigrationRefusedException>(() => settings.SetParameters([KeyValuePair.Create(name, value)])).Message;
    }

    [Fact]
    public void SetParameters_NegativeSize_WrapsAsOnTheControlPlane()
    {
        var settings = new MigrationSettings();

        settings.SetParameters([KeyValuePair.Create("max-bandwidth", MigrationParameterValue.FromInteger(-1))]);

        Assert.Equal(ulong.MaxValue, settings.Parameters.MaxBandwidthBytesPerSecond);
    }

    [Fact]
    public void Default_Values_AreThePeers()
    {
        var expected = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["cpu-throttle-tailslow"] = "off",
            ["xbzrle-cache-size"] = "67108864",
            ["cpu-throttle-initial"] = "20",
            ["announce-max"] = "550",
            ["direct-io"] = "off",
            ["avail-switchover-bandwidth"] = "0",
            ["zero-page-detection"] = "multifd",
            ["multifd-qatzip-level"] = "1",
            ["multifd-channels"] = "2",
            ["mode"] = "normal",
            ["multifd-zstd-level"] = "1",
            ["announce-initial"] = "50",
            ["downtime-limit"] = "300",
            ["tls-authz"] = "",
            ["vcpu-dirty-limit"] = "1",
            ["multifd-compression"] = "none",
            ["announce-rounds"] = "5",
            ["announce-step"] = "100",
            ["tls-creds"] = "",
            ["x-vcpu-dirty-limit-period"] = "1000",
            ["multifd-zlib-level"] = "1",
            ["max-cpu-throttle"] = "99",
            ["max-postcopy-bandwidth"] = "0",
            ["tls-hostname"] = "",
            ["throttle-trigger-threshold"] = "50",
            ["max-bandwidth"] = "134217728",
            ["x-checkpoint-delay"] = "20000",
            ["cpu-throttle-increment"] = "10",
            ["block-bitmap-mapping"] = "",

            // Not parameters of QEMU.
            ["x-peer-version"] = "auto",
            ["x-channel-timeout"] = "0",
        };

        var actual = MigrationParameterTable.All.ToDictionary(row => row.Name, row => row.Default.ToString(), StringComparer.Ordinal);

        Assert.Equal(expected.OrderBy(pair => pair.Key, StringComparer.Ordinal), actual.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Assert.All(MigrationParameterTable.All, row => Assert.Equal((int)row.Parameter, MigrationParameterTable.All.IndexOf(row)));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("postcopy-recover-setup")]
    [InlineData("pre-switchover")]
    public void TryParse_StatusName_RoundTrips(string name)
    {
        Assert.True(MigrationStatusNames.TryParse(name, out var status));
        Assert.Equal(name, status.ToQapiName());
        Assert.All(Enum.GetValues<RunState>(), state => Assert.True(RunStateNames.TryParse(state.ToQapiName(), out var same) && same == state));
    }
}
