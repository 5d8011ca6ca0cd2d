using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine.Tests;

public sealed class OtherVirtioTests
{
    [Fact]
    public void Rng_Buffer_IsFilledWithDifferentBytesEachTime()
    {
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, VirtioDevices = [new VirtioRngOptions { Slot = 2 }] });
        var driver = new VirtioDriver(machine, 2);
        driver.SetDescriptor(0, 0, VirtioDriver.Data, 64, 2);
        driver.Offer(0, 0);
        Assert.Equal(64u, driver.WaitForUsed(0));
        byte[] first = driver.ReadMemory(VirtioDriver.Data, 64);
        driver.Offer(0, 0);
        driver.WaitForUsed(0);
        Assert.NotEqual(first, driver.ReadMemory(VirtioDriver.Data, 64));
    }

    [Theory]
    [InlineData("10.0")]
    [InlineData("11.1")]
    public void Load_WithAnInterruptPending_LeavesItPending(string peer)
    {
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, VirtioDevices = [new VirtioRngOptions { Slot = 2 }] });
        var driver = new VirtioDriver(machine, 2);
        driver.SetDescriptor(0, 0, VirtioDriver.Data, 64, 2);
        driver.Offer(0, 0);
        driver.WaitForUsed(0);
        SaveStateEntry plic = machine.Registry.Find("riscv_sifive_plic", 0)!;
        SaveStateEntry device = machine.Registry.Find("virtio-mmio@0000000010003000/virtio-rng", 0)!;
        PeerProfile profile = PeerProfile.Find(peer)!;
        string pending = SectionVectorTests.Save(plic, profile);
        byte[] body = Convert.FromHexString(SectionVectorTests.Save(device, profile));

        using (machine.Memory.BigLock.Enter())
            VmStateCodec.Load(device, MigrationReader.FromMemory(body), 1);

        Assert.Equal(pending, SectionVectorTests.Save(plic, profile));
        Assert.Equal(1UL << 3, machine.Read(0x0c00_1000));
    }

    [Fact]
    public void Slots_NotGiven_AreTakenFromTheTop()
    {
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, VirtioDevices = [new VirtioRngOptions(), new VirtioRngOptions()] });
        Assert.NotNull(machine.Registry.Find("virtio-mmio@0000000010008000/virtio-rng", 0));
        Assert.NotNull(machine.Registry.Find("virtio-mmio@0000000010007000/virtio-rng", 0));
    }

    [Fact]
    public void Slot_TakenTwice_IsRefused() => Assert.Throws<InvalidOperationException>(() =>
        new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, VirtioDevices = [new VirtioRngOptions { Slot = 1 }, new VirtioRngOptions { Slot = 1 }] }));

    [Fact]
    public void Console_HandshakeOfLinux_OpensThePortAndCarriesBytes()
    {
        using var backend = new RingCharBackend();
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, VirtioDevices = [new VirtioConsoleOptions { Slot = 3, Backend = backend }] });
        var driver = new VirtioDriver(machine, 3, queues: 4, features: 2);
        for (int i = 0; i < 4; i++)
        {
            driver.SetDescriptor(2, i, VirtioDriver.Data + 0x1000 + (8 * (ulong)i), 8, 2);
            driver.Offer(2, (ushort)i);
        }

        Control(driver, 0, 0, 1);
        Control(driver, 0, 3, 1);
        Control(driver, 0, 6, 1);
        Assert.Equal("0000000001000100" + "0000000004000100" + "0000000006000100", Convert.ToHexStringLower(driver.ReadMemory(VirtioDriver.Data + 0x1000, 24)));

        driver.WriteMemory(VirtioDriver.Data, "hello"u8.ToArray());
        driver.SetDescriptor(1, 0, VirtioDriver.Data, 5, 0);
        driver.Offer(1, 0);
        Assert.Equal("hello", backend.GetText());

        driver.SetDescriptor(0, 0, VirtioDriver.Data, 100, 2);
        driver.Offer(0, 0);
        backend.Send("input"u8);
        Assert.Equal(1, driver.UsedIndex(0));
        Assert.Equal("input"u8.ToArray(), driver.ReadMemory(VirtioDriver.Data, 5));
    }

    [Fact]
    public void Net_TwoCardsOnAStreamSocket_ExchangeFrames()
    {
        using var listening = StreamNetBackend.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        using var connecting = StreamNetBackend.Connect(listening.LocalEndPoint!);
        using TestMachine left = CreateNet(listening);
        using TestMachine right = CreateNet(connecting);
        var sender = new VirtioDriver(right, 1, queues: 2);
        var receiver = new VirtioDriver(left, 1, queues: 2);
        receiver.SetDescriptor(0, 0, VirtioDriver.Data, 2000, 2);
        receiver.Offer(0, 0);
        byte[] frame = [.. Enumerable.Range(0, 60).Select(i => (byte)i)];
        sender.WriteMemory(VirtioDriver.Data, [.. new byte[10], .. frame]);
        sender.SetDescriptor(1, 0, VirtioDriver.Data, 70, 0);
        sender.Offer(1, 0);
        Assert.Equal(70u, receiver.WaitForUsed(0));
        Assert.Equal([.. new byte[10], .. frame], receiver.ReadMemory(VirtioDriver.Data, 70));
    }

    [Fact]
    public void Net_OnDatagrams_SendsOneFrameEach()
    {
        using var peer = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var backend = new DatagramNetBackend(new IPEndPoint(IPAddress.Loopback, 0), peer.Client.LocalEndPoint!);
        using TestMachine machine = CreateNet(backend);
        var driver = new VirtioDriver(machine, 1, queues: 2);
        driver.WriteMemory(VirtioDriver.Data, [.. new byte[10], .. Enumerable.Repeat((byte)9, 50)]);
        driver.SetDescriptor(1, 0, VirtioDriver.Data, 60, 0);
        driver.Offer(1, 0);
        peer.Client.ReceiveTimeout = 20_000;
        IPEndPoint? from = null;
        Assert.Equal([.. Enumerable.Repeat((byte)9, 50)], peer.Receive(ref from));
        driver.SetDescriptor(0, 0, VirtioDriver.Data, 2000, 2);
        driver.Offer(0, 0);
        peer.Send([.. Enumerable.Repeat((byte)8, 64)], 64, (IPEndPoint)backend.LocalEndPoint);
        Assert.True(SpinWait.SpinUntil(() => driver.UsedIndex(0) == 1, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void Net_AnnounceSelf_SendsAReverseArpOfTheCard()
    {
        using var peer = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var backend = new DatagramNetBackend(new IPEndPoint(IPAddress.Loopback, 0), peer.Client.LocalEndPoint!);
        using TestMachine machine = CreateNet(backend);
        machine.Machine.AnnounceSelf(new AnnounceSchedule());
        peer.Client.ReceiveTimeout = 20_000;
        IPEndPoint? from = null;
        Assert.Equal(
            "ffffffffffff" + "525400123456" + "8035" + "0001080006040003" + "525400123456" + "00000000" + "525400123456" + "00000000" + new string('0', 36),
            Convert.ToHexStringLower(peer.Receive(ref from)));
    }

    // Gaps of QEMU 10.0.2: by default, and with announce-initial 200, -step 150, -max 400.
    [Theory]
    [InlineData(50, 100, 550, new[] { 50L, 150, 250, 350 })]
    [InlineData(200, 150, 400, new[] { 200L, 350, 400, 400 })]
    [InlineData(long.MaxValue, long.MaxValue, long.MaxValue, new[] { 86_400_000L, 86_400_000 })]
    [InlineData(-5, 1, 100, new[] { 0L, 0 })]
    public void GapAfter_EachRound_GrowsToItsMaximum(long initial, long step, long maximum, long[] expected)
    {
        var schedule = new AnnounceSchedule { InitialMilliseconds = initial, StepMilliseconds = step, MaximumMilliseconds = maximum };
        Assert.Equal(expected, Enumerable.Range(1, expected.Length).Select(schedule.GapAfter));
    }

    [Fact]
    public void StreamBackend_AcceptFailsOnce_TakesTheNextPeer()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        int attempts = 0;
        using var backend = new StreamNetBackend(
            null, null, () => ++attempts == 1 ? throw new SocketException((int)SocketError.ConnectionAborted) : listener.Accept());
        using var peer = new TcpClient();
        peer.Connect((IPEndPoint)listener.LocalEndPoint!);
        peer.GetStream().Write([0, 0, 0, 2, 7, 8]);
        var frame = new byte[100];
        int count = 0;
        Assert.True(SpinWait.SpinUntil(() => (count = backend.Receive(frame)) != 0, TimeSpan.FromSeconds(20)));
        Assert.Equal([7, 8], frame[..count]);
        Assert.Equal(2, attempts);
    }

    [Fact]
    public void CharBackend_WriteFailsAfterOthersWereAttached_LeavesThemAttached()
    {
        using var backend = new SwitchedBackend();
        var old = new StuckStream();
        backend.Switch(old);
        backend.Write("lost"u8);
        Assert.True(old.Reached.Wait(TimeSpan.FromSeconds(20)));
        var next = new MemoryStream();
        backend.Switch(next);
        backend.Write("kept"u8);
        old.Fail.Set();
        backend.Dispose();
        Assert.Equal("kept"u8.ToArray(), next.ToArray());
    }

    [Fact]
    public void Net_FrameLengthThatCannotBe_EndsTheConnection()
    {
        using var backend = StreamNetBackend.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        using var peer = new TcpClient();
        peer.Connect((IPEndPoint)backend.LocalEndPoint!);
        var length = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(length, uint.MaxValue);
        peer.GetStream().Write(length);
        peer.ReceiveTimeout = 20_000;
        Assert.Equal(0, peer.GetStream().Read(length));
    }

    [Fact]
    public void UnixBackend_Client_GetsOutputAndGivesInput()
    {
        string path = Path.Combine(Path.GetTempPath(), $"godwit-{Guid.NewGuid():N}.sock");
        using (var server = UnixCharBackend.Listen(path))
        {
            using var client = UnixCharBackend.Connect(path);
            client.Write("to the guest"u8);
            var bytes = new byte[100];
            int count = 0;
            Assert.True(SpinWait.SpinUntil(() => (count += server.Read(bytes.AsSpan(count))) == 12, TimeSpan.FromSeconds(20)));
            server.Write("from it"u8);
            count = 0;
            Assert.True(SpinWait.SpinUntil(() => (count += client.Read(bytes.AsSpan(count))) == 7, TimeSpan.FromSeconds(20)));
            Assert.Equal("from it"u8.ToArray(), bytes[..7]);
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public void FileBackend_Disposed_HasWrittenEverything()
    {
        string path = Path.GetTempFileName();
        using (var backend = StreamCharBackend.OpenFile(path))
        {
            for (int i = 0; i < 1000; i++)
                backend.Write("0123456789"u8);
        }

        Assert.Equal(10_000, new FileInfo(path).Length);
        File.Delete(path);
    }

    /// <summary>Changes its stream as a socket does that gets another client.</summary>
    private sealed class SwitchedBackend : StreamCharBackend
    {
        public void Switch(Stream stream)
        {
            Detach();
            Attach(stream, null);
        }
    }

    /// <summary>A client that does not read, until its connection breaks.</summary>
    private sealed class StuckStream : MemoryStream
    {
        public ManualResetEventSlim Reached { get; } = new();

        public ManualResetEventSlim Fail { get; } = new();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Reached.Set();
            Fail.Wait(TimeSpan.FromSeconds(20));
            throw new IOException("broken");
        }
    }

    private static TestMachine CreateNet(INetBackend backend) =>
        new(new VirtMachineOptions { RamBytes = 16 << 20, VirtioDevices = [new VirtioNetOptions { Slot = 1, Backend = backend }] });

    private static void Control(VirtioDriver driver, uint port, ushort kind, ushort value)
    {
        var record = new byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(record, port);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(4), kind);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(6), value);
        driver.WriteMemory(VirtioDriver.Data + 0x2000, record);
        driver.SetDescriptor(3, 0, VirtioDriver.Data + 0x2000, 8, 0);
        driver.Offer(3, 0);
    }
}
