namespace Godwit.Interop.Tests;

/// <summary>A running Linux crosses between real QEMUs and Godwit: each second's tick, each checksum and each disk block arrives once.</summary>
[Collection("linux")]
public sealed class CrossingTests
{
    [Theory]
    [InlineData("10.0", "godwit,10.0", 1, "tcp")]
    [InlineData("11.1", "godwit,11.1", 2, "unix")]
    [InlineData("10.0", "godwit,11.1", 2, "tcp")]
    [InlineData("11.1", "godwit,10.0", 1, "unix")]
    [InlineData("godwit", "10.0,godwit,11.1", 1, "unix")]
    [InlineData("godwit", "11.1,godwit,10.0", 2, "tcp")]
    public void Route_GuestUnderLoad_LosesNothing(string start, string route, int harts, string transport)
    {
        using Journey journey = new(start, new LinuxVmOptions { Harts = harts, Mode = "load" }, hasDisk: true);
        foreach (string host in route.Split(','))
        {
            journey.HopTo(host, transport);
            journey.WaitForNew("guest: disk ");
        }

        journey.WaitForNew("guest: sums ");
        journey.AssertNothingLost();
    }

    /// <summary>Between two ticks all harts wait for a timer; QEMU 10.0 forgets those of a guest that it loads.</summary>
    [Theory]
    [InlineData("10.0", "godwit,10.0", 2)]
    [InlineData("godwit", "10.0,godwit,11.1,godwit,10.0", 1)]
    public void Route_IdleGuest_WakesUpEverywhere(string start, string route, int harts)
    {
        using Journey journey = new(start, new LinuxVmOptions { Harts = harts, Mode = "tick" }, hasDisk: false);
        foreach (string host in route.Split(','))
            journey.HopTo(host, "unix");
        journey.AssertNothingLost();
    }

    [Fact]
    public void Ring_TwentyHopsAcrossAllThree_LosesNothing()
    {
        using Journey journey = new("10.0", new LinuxVmOptions { Mode = "load" }, hasDisk: true);
        string[] ring = ["godwit", "11.1", "godwit", "10.0"];
        for (int hop = 0; hop < 20; hop++)
            journey.HopTo(ring[hop % ring.Length], hop % 2 == 0 ? "tcp" : "unix", ticks: 1);
        journey.WaitForNew("guest: disk ");
        journey.AssertNothingLost();
    }

    /// <summary>Devices of version 1.0 have more state than legacy ones.</summary>
    [Fact]
    public void Route_ModernVirtio_LosesNothing()
    {
        using Journey journey = new("godwit", new LinuxVmOptions { Mode = "load", IsModern = true, HasAllDevices = true }, hasDisk: true);
        foreach (string host in new[] { "10.0", "godwit", "11.1" })
        {
            journey.HopTo(host, "unix");
            journey.WaitForNew("guest: disk ");
        }

        journey.AssertNothingLost();
    }
}
