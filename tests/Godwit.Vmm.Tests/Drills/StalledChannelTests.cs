using System.Net;
using System.Net.Sockets;
using Godwit.Migration;
using Godwit.Wire;

namespace Godwit.Vmm.Tests;

/// <summary>A peer that is connected and silent, with a timeout that the user has set.</summary>
public sealed class StalledChannelTests
{
    [Fact]
    public void Outgoing_DestinationThatNeverReads_FailsAndTheGuestGoesOn()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var machine = new TestMachine();
        Set(machine.Vm, "x-channel-timeout", MigrationParameterValue.FromInteger(1));
        Set(machine.Vm, "zero-page-detection", MigrationParameterValue.FromText("none")); // more bytes than any buffer between the two takes
        Set(machine.Vm, "max-bandwidth", MigrationParameterValue.FromInteger(0));
        machine.Vm.Start();
        machine.WaitForRounds(1);

        machine.Vm.Outgoing.Start(MigrationAddress.ParseUri($"tcp:127.0.0.1:{((IPEndPoint)listener.LocalEndPoint!).Port}"));
        machine.WaitForStatus(MigrationStatus.Failed);

        Assert.Equal("Unable to write to socket: no byte for 1 s", machine.Vm.Outgoing.ErrorDescription);
        TestMachine.WaitFor(() => machine.Vm.IsRunning, "the guest to run");
        machine.WaitForRounds(machine.Rounds.Length + 1);
        machine.AssertSound();
    }

    [Fact]
    public void Incoming_SourceThatFallsSilent_Fails()
    {
        using var machine = new TestMachine(isIncoming: true);
        Set(machine.Vm, "x-channel-timeout", MigrationParameterValue.FromInteger(1));
        machine.Vm.Incoming.Listen(MigrationAddress.ParseUri("tcp:127.0.0.1:0"), exitOnError: false);
        using var source = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        source.Connect(IPAddress.Loopback, int.Parse(((TcpAddress)machine.Vm.Incoming.ListenAddresses[0]).Port, System.Globalization.CultureInfo.InvariantCulture));
        source.Send([0x51, 0x45, 0x56, 0x4d, 0, 0, 0, 3]);

        TestMachine.WaitFor(() => machine.Vm.Incoming.Status == MigrationStatus.Failed, "the load to fail");

        Assert.Contains("Unable to read from socket: no byte for 1 s", machine.Vm.Incoming.ErrorDescription, StringComparison.Ordinal);
    }

    private static void Set(VirtualMachine machine, string name, MigrationParameterValue value) => machine.Settings.SetParameters([KeyValuePair.Create(name, value)]);
}
