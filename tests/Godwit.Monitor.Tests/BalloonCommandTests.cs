using Godwit.Machine;

namespace Godwit.Monitor.Tests;

/// <summary>Texts captured from qemu-system-riscv64 10.0.2 with <c>-device virtio-balloon-device,id=bal0</c>, and without.</summary>
public sealed class BalloonCommandTests
{
    private const string Path = "/machine/peripheral/bal0";

    [Fact]
    public async Task Commands_WithoutABalloon_AreRefused()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        Assert.Equal("No balloon device has been activated", await fixture.ErrorAsync("query-balloon"));
        Assert.Equal("No balloon device has been activated", await fixture.ErrorAsync("balloon", """{"value":0}"""));
        Assert.Equal("Error: No balloon device has been activated\r\n", fixture.Monitor.RunHumanLine("info balloon"));
        Assert.Equal("Error: No balloon device has been activated\r\n", fixture.Monitor.RunHumanLine("balloon 32"));
    }

    [Fact]
    public async Task Commands_WithABalloon_ReplyAsQemu()
    {
        await using MonitorFixture fixture = await StartAsync();
        Assert.Equal("""{"actual": 8388608}""", await fixture.ReplyAsync("query-balloon"));
        foreach (string value in new[] { "0", "-1" })
            Assert.Equal("Parameter 'value' expects a size", await fixture.ErrorAsync("balloon", $$"""{"value":{{value}}}"""));
        Assert.Equal("Parameter 'value' is missing", await fixture.ErrorAsync("balloon"));
        Assert.Equal("{}", await fixture.ReplyAsync("balloon", """{"value":1099511627776}"""));
        Assert.Equal("{}", await fixture.ReplyAsync("balloon", """{"value":4194304}"""));
        Assert.Equal("balloon: actual=8\r\n", fixture.Monitor.RunHumanLine("info balloon"));
        Assert.Equal("", fixture.Monitor.RunHumanLine("balloon 4"));
        Assert.Equal("Error: Parameter 'value' expects a size\r\n", fixture.Monitor.RunHumanLine("balloon 0"));
        Assert.Equal("unexpected end of expression\r\nTry \"help balloon\" for more information\r\n", fixture.Monitor.RunHumanLine("balloon"));
        Assert.Equal("balloon target -- request VM to change its memory allocation (in MB)\r\n", fixture.Monitor.RunHumanLine("help balloon"));
        Assert.Equal("info balloon  -- show balloon information\r\n", fixture.Monitor.RunHumanLine("help info balloon"));
    }

    [Theory]
    [InlineData("guest-stats-polling-interval", "-1", "timer value must be greater than zero")]
    [InlineData("guest-stats-polling-interval", "5000000000", "timer value is too big")]
    [InlineData("guest-stats-polling-interval", "\"a\"", "Invalid parameter type for 'guest-stats-polling-interval', expected: integer")]
    [InlineData("guest-stats", "1", "Property 'virtio-balloon-device.guest-stats' is not writable")]
    [InlineData("x", "1", "Property 'virtio-balloon-device.x' not found")]
    public async Task QomSet_ValueThatCannotBe_IsRefused(string property, string value, string expected)
    {
        await using MonitorFixture fixture = await StartAsync();
        Assert.Equal(expected, await fixture.ErrorAsync("qom-set", $$"""{"path":"{{Path}}","property":"{{property}}","value":{{value}}}"""));
        Assert.Equal("Device '/machine/peripheral/nope' not found", await fixture.ErrorAsync("qom-set", $$"""{"path":"/machine/peripheral/nope","property":"x","value":1}"""));
    }

    [Fact]
    public async Task QomGet_BeforeTheGuestSaidAnything_HasEveryStatistic()
    {
        await using MonitorFixture fixture = await StartAsync();
        Assert.Equal("0", await fixture.ReplyAsync("qom-get", $$"""{"path":"{{Path}}","property":"guest-stats-polling-interval"}"""));
        Assert.Equal("{}", await fixture.ReplyAsync("qom-set", $$"""{"path":"{{Path}}","property":"guest-stats-polling-interval","value":2}"""));
        Assert.Equal("2", await fixture.ReplyAsync("qom-get", $$"""{"path":"{{Path}}","property":"guest-stats-polling-interval"}"""));
        string reply = await fixture.ReplyAsync("qom-get", $$"""{"path":"{{Path}}","property":"guest-stats"}""");
        Assert.EndsWith("\"last-update\": 0}", reply, StringComparison.Ordinal);
        foreach (string name in new[]
        {
            "stat-htlb-pgalloc", "stat-swap-out", "stat-alloc-stalls", "stat-available-memory", "stat-direct-reclaims", "stat-direct-scans", "stat-htlb-pgfail",
            "stat-free-memory", "stat-minor-faults", "stat-major-faults", "stat-total-memory", "stat-oom-kills", "stat-async-reclaims", "stat-swap-in",
            "stat-async-scans", "stat-disk-caches",
        })
        {
            Assert.Contains($"\"{name}\": 18446744073709551615", reply, StringComparison.Ordinal);
        }
    }

    private static Task<MonitorFixture> StartAsync() =>
        MonitorFixture.StartAsync(static options => options with { VirtioDevices = [new VirtioBalloonOptions { Id = "bal0" }] });
}
