using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Godwit.Testing;

namespace Godwit.Machine.Tests;

/// <summary>Frames on their way into the guest: mergeable buffers, and the host's interfaces.</summary>
public sealed class VirtioNetReceiveTests
{
    private const uint MergeableBuffers = 1 << 15;
    private const uint EventIndex = 1 << 29;

    private static readonly byte[] _frame = [.. Enumerable.Range(0, 200).Select(i => (byte)i)];

    [Theory]
    [InlineData(MergeableBuffers)]
    [InlineData(MergeableBuffers | EventIndex)]
    public void Receive_FrameLongerThanABuffer_IsSpreadOverSeveral(uint features)
    {
        var cable = new Cable();
        using TestMachine machine = Create(cable);
        var driver = new VirtioDriver(machine, 1, queues: 2, features);
        for (int i = 0; i < 4; i++)
            Offer(driver, i, 100);
        cable.Deliver(_frame);

        // The standard's header of 12 bytes counts the buffers in its last two.
        Assert.Equal(3, driver.UsedIndex(0));
        Assert.Equal([100u, 100, 12], Enumerable.Range(0, 3).Select(_ => driver.WaitForUsed(0)));
        byte[] all = [.. driver.ReadMemory(At(0), 100), .. driver.ReadMemory(At(1), 100), .. driver.ReadMemory(At(2), 12)];
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, .. _frame], all);
        cable.Deliver(_frame[..20]);
        Assert.Equal(32u, driver.WaitForUsed(0));
        Assert.Equal(1, driver.ReadMemory(At(3) + 10, 1)[0]);
    }

    [Theory]
    [InlineData(MergeableBuffers)]
    [InlineData(MergeableBuffers | EventIndex)]
    public void Receive_TooFewBuffersYet_WaitsForMore(uint features)
    {
        var cable = new Cable();
        using TestMachine machine = Create(cable);
        var driver = new VirtioDriver(machine, 1, queues: 2, features);
        Offer(driver, 0, 100);
        cable.Deliver(_frame);
        Offer(driver, 1, 100);
        Assert.Equal(0, driver.UsedIndex(0));
        Offer(driver, 2, 100);
        Assert.Equal([100u, 100, 12], Enumerable.Range(0, 3).Select(_ => driver.WaitForUsed(0)));
        Assert.Equal(_frame[188..], driver.ReadMemory(At(2), 12));
    }

    [Fact]
    public void Receive_AFullRingIsTooSmall_DropsTheFrameAndGoesOn()
    {
        var cable = new Cable();
        using TestMachine machine = Create(cable);
        var driver = new VirtioDriver(machine, 1, queues: 2, MergeableBuffers);
        for (int i = 0; i < VirtioDriver.RingSize; i++)
            Offer(driver, i, 13);
        cable.Deliver(_frame);
        Assert.Equal(0, driver.UsedIndex(0));
        cable.Deliver(_frame[..14]);
        Assert.Equal([13u, 13], Enumerable.Range(0, 2).Select(_ => driver.WaitForUsed(0)));
    }

    [Fact]
    public void Receive_WithoutMergeableBuffers_DropsWhatDoesNotFit()
    {
        var cable = new Cable();
        using TestMachine machine = Create(cable);
        var driver = new VirtioDriver(machine, 1, queues: 2);
        Offer(driver, 0, 100);
        cable.Deliver(_frame);
        Assert.Equal(0u, driver.WaitForUsed(0));
    }

    [PrivilegedFact("/dev/net/tun")]
    public void Tap_OfTheHost_CarriesFramesBothWays()
    {
        string name = $"gwt{Environment.ProcessId % 100_000}";
        using var tap = TapNetBackend.Open(name);
        Ip("addr", "add", "10.213.77.1/24", "dev", name);
        Ip("link", "set", name, "up");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SendTo([1, 2, 3], new IPEndPoint(IPAddress.Parse("10.213.77.2"), 9));

        // The host asks who has the address; the answer lets the datagram through.
        byte[] question = WaitForFrame(tap, f => f[12] == 0x08 && f[13] == 0x06 && f[38..42] is [10, 213, 77, 2]);
        byte[] card = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
        tap.Send([.. question[6..12], .. card, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, .. card, 10, 213, 77, 2, .. question[22..32]]);
        byte[] datagram = WaitForFrame(tap, f => f[12] == 0x08 && f[13] == 0x00 && f[23] == 17 && f[30..34] is [10, 213, 77, 2]);
        Assert.Equal(card, datagram[..6]);
        Assert.Equal([1, 2, 3], datagram[42..45]);
    }

    private static ulong At(int buffer) => VirtioDriver.Data + (0x1000 * (ulong)buffer);

    private static void Offer(VirtioDriver driver, int buffer, uint length)
    {
        driver.SetDescriptor(0, buffer, At(buffer), length, 2);
        driver.Offer(0, (ushort)buffer);
    }

    private static byte[] WaitForFrame(TapNetBackend tap, Func<byte[], bool> condition)
    {
        var buffer = new byte[65_536];
        byte[] found = [];
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                int count = tap.Receive(buffer);
                found = buffer[..count];
                return count >= 42 && condition(found);
            },
            TimeSpan.FromSeconds(20)));
        return found;
    }

    private static void Ip(params string[] arguments)
    {
        using Process process = Process.Start("ip", arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static TestMachine Create(INetBackend backend) =>
        new(new VirtMachineOptions { RamBytes = 16 << 20, VirtioDevices = [new VirtioNetOptions { Slot = 1, Backend = backend }] });

    /// <summary>A cable whose other end is the test.</summary>
    private sealed class Cable : INetBackend
    {
        private readonly Queue<byte[]> _frames = new();

        public event EventHandler? FramesArrived;

        public void Deliver(byte[] frame)
        {
            _frames.Enqueue(frame);
            FramesArrived?.Invoke(this, EventArgs.Empty);
        }

        public void Send(ReadOnlySpan<byte> frame)
        {
        }

        public int Receive(Span<byte> destination)
        {
            if (!_frames.TryDequeue(out byte[]? frame))
                return 0;
            frame.CopyTo(destination);
            return frame.Length;
        }

        public void Dispose()
        {
        }
    }
}
