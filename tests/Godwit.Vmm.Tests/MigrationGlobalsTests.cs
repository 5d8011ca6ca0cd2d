using Godwit.Migration;

namespace Godwit.Vmm.Tests;

public sealed class MigrationGlobalsTests
{
    [Theory]
    [InlineData("x-events", "on", "events")]
    [InlineData("x-return-path", "true", "return-path")]
    [InlineData("x-switchover-ack", "off", null)]
    public void Apply_Capability_IsSwitched(string name, string value, string? on)
    {
        MigrationSettings settings = Apply(name, value);
        foreach (MigrationCapabilityInfo info in MigrationCapabilityTable.All)
            Assert.Equal(info.Name == on, settings.Capabilities[info.Capability]);
    }

    [Theory]
    [InlineData("x-max-bandwidth", "1G", MigrationParameter.MaxBandwidth, 1073741824)]
    [InlineData("x-downtime-limit", "50", MigrationParameter.DowntimeLimit, 50)]
    [InlineData("announce-rounds", "7", MigrationParameter.AnnounceRounds, 7)]
    [InlineData("multifd-channels", "8", MigrationParameter.MultifdChannels, 8)]
    [InlineData("x-channel-timeout", "90", MigrationParameter.XChannelTimeout, 90)]
    [InlineData("x-vcpu-dirty-limit-period", "500", MigrationParameter.XVcpuDirtyLimitPeriod, 500)]
    public void Apply_Parameter_IsSet(string name, string value, MigrationParameter parameter, ulong expected) =>
        Assert.Equal(expected, Apply(name, value).Parameters[parameter].Number);

    [Theory]
    [InlineData("send-configuration", "on")]
    [InlineData("x-clear-bitmap-shift", "18")]
    [InlineData("multifd-flush-after-each-section", "off")]
    public void Apply_StreamPropertyAtItsOnlyValue_IsAccepted(string name, string value) =>
        Assert.Equal(MigrationParameters.Default.MaxBandwidthBytesPerSecond, Apply(name, value).Parameters.MaxBandwidthBytesPerSecond);

    [Theory]
    [InlineData("bogus", "1", "can't apply global migration.bogus=1: Property 'migration.bogus' not found")]
    [InlineData("max-bandwidth", "1", "can't apply global migration.max-bandwidth=1: Property 'migration.max-bandwidth' not found")]
    [InlineData("direct-io", "on", "can't apply global migration.direct-io=on: Property 'migration.direct-io' not found")]
    [InlineData("x-validate-uuid", "on", "can't apply global migration.x-validate-uuid=on: Property 'migration.x-validate-uuid' not found")]
    [InlineData("send-configuration", "off", "can't apply global migration.send-configuration=off: only on is supported")]
    [InlineData("x-events", "maybe", "can't apply global migration.x-events=maybe: Parameter 'x-events' expects 'on' or 'off'")]
    [InlineData("x-downtime-limit", "9999999", "can't apply global migration.x-downtime-limit=9999999: Parameter 'downtime_limit' expects an integer in the range of 0 to (2000 * 1000) ms")]
    [InlineData("x-channel-timeout", "1000001", "can't apply global migration.x-channel-timeout=1000001: Parameter 'x-channel-timeout' expects a number of seconds from 0 to 1000000")]
    [InlineData("x-max-bandwidth", "xx", "can't apply global migration.x-max-bandwidth=xx: Invalid size xx")]
    public void Apply_NotUsable_IsRefusedByName(string name, string value, string expected) =>
        Assert.Equal(expected, Assert.Throws<VmRefusedException>(() => Apply(name, value)).Message);

    [Fact]
    public void Apply_CapabilitiesThatDoNotFit_AreRefused() =>
        Assert.Equal(
            "Capability 'switchover-ack' requires capability 'return-path'",
            Assert.Throws<VmRefusedException>(() => Apply("x-switchover-ack", "on")).Message);

    private static MigrationSettings Apply(string name, string value)
    {
        var settings = new MigrationSettings();
        MigrationGlobals.Apply(settings, [KeyValuePair.Create(name, value)]);
        return settings;
    }
}
