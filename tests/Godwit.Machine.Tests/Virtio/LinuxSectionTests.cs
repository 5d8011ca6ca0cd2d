using System.Buffers.Binary;
using System.Globalization;
using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine.Tests;

/// <summary>Sections of a machine in which Linux drives four virtio devices, legacy (10.0) and modern (11.1).</summary>
public sealed class LinuxSectionTests
{
    [Theory]
    [InlineData("10.0", 2, true)]
    [InlineData("11.1", 1, false)]
    public void Sections_OfALinuxGuest_ComeOutAsTheyWentIn(string peer, int harts, bool isLegacy)
    {
        PeerProfile profile = PeerProfile.Find(peer)!;
        using TestMachine machine = Create(harts, isLegacy);
        using BigLock.Scope scope = machine.Memory.BigLock.Enter();
        List<(string IdString, uint Instance, uint Version, byte[] Body)> vectors = Load(peer);
        Assert.True(vectors.Count >= 15);
        foreach ((string idString, uint instance, uint version, byte[] body) in vectors)
        {
            if (idString.StartsWith("virtio-mmio@", StringComparison.Ordinal))
                PlaceRingIndices(machine, body, isLegacy);
            MigrationReader reader = MigrationReader.FromMemory(body);
            VmStateCodec.Load(machine.Registry.Find(idString, instance)!, reader, version, profile);
            Assert.True(reader.IsAtEnd());
        }

        foreach ((string idString, uint instance, uint version, byte[] body) in vectors)
        {
            SaveStateEntry entry = machine.Registry.Find(idString, instance)!;
            Assert.Equal(version, entry.GetVersion(profile));
            int skipped = idString is "timer" ? 8 : 0;
            Assert.Equal(
                $"{idString} {Convert.ToHexStringLower(body.AsSpan(skipped))}",
                $"{idString} {SectionVectorTests.Save(entry, profile)[(2 * skipped)..]}");
        }
    }

    [Theory]
    [InlineData("10.0", 2, true)]
    [InlineData("11.1", 1, false)]
    public void Load_VirtioSectionWithAnyByteChanged_IsTakenOrRefused(string peer, int harts, bool isLegacy)
    {
        using TestMachine machine = Create(harts, isLegacy);
        using BigLock.Scope scope = machine.Memory.BigLock.Enter();
        var random = new Random(7);
        foreach ((string idString, uint instance, uint version, byte[] original) in Load(peer))
        {
            SaveStateEntry entry = machine.Registry.Find(idString, instance)!;
            for (int i = 0; i < 300; i++)
            {
                byte[] body = [.. original];
                int at = i < body.Length && i < 200 ? i : random.Next(body.Length);
                body[at] = (byte)random.Next(256);
                int length = i % 3 == 0 ? random.Next(body.Length) : body.Length;
                try
                {
                    VmStateCodec.Load(entry, MigrationReader.FromMemory(body.AsMemory(0, length)), version, PeerProfile.Default);
                }
                catch (StreamFormatException refusal)
                {
                    Assert.InRange(refusal.Offset, 0, body.Length);
                }
            }
        }
    }

    [Fact]
    public void Load_FeaturesThatAreNotOffered_AreRefusedByQemusMessage()
    {
        using TestMachine machine = Create(1, isLegacy: true);
        using BigLock.Scope scope = machine.Memory.BigLock.Enter();
        SaveStateEntry entry = machine.Registry.Find("virtio-mmio@0000000010003000/virtio-rng", 0)!;
        byte[] body = Convert.FromHexString(SectionVectorTests.Save(entry, PeerProfile.Default));
        body[^1] = 0x01;
        var refusal = Assert.Throws<StreamFormatException>(() => VmStateCodec.Load(entry, MigrationReader.FromMemory(body), 1));
        Assert.Contains("Features 0x1 unsupported. Allowed features: 0x10139000000", refusal.Message, StringComparison.Ordinal);
    }

    internal static TestMachine Create(int harts, bool isLegacy) => new(new VirtMachineOptions
    {
        RamBytes = 256 << 20,
        HartCount = harts,
        IsVirtioLegacy = isLegacy,
        VirtioDevices =
        [
            new VirtioBlockOptions { Slot = 0, Image = new MemoryDiskImage(8 << 20) },
            new VirtioNetOptions { Slot = 1, Backend = new NullNetBackend() },
            new VirtioRngOptions { Slot = 2 },
            new VirtioConsoleOptions { Slot = 3, Backend = new NullCharBackend() },
        ],
    });

    private static List<(string IdString, uint Instance, uint Version, byte[] Body)> Load(string peer) =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "vectors", "riscv-virt", "linux-sections.txt"))
            .Where(line => line.StartsWith(peer + " ", StringComparison.Ordinal))
            .Select(line => line.Split(' '))
            .Select(p => (p[2], uint.Parse(p[3], CultureInfo.InvariantCulture), uint.Parse(p[4], CultureInfo.InvariantCulture), Unpack(p[5]))),
    ];

    private static byte[] Unpack(string packed) =>
    [
        .. packed.Split('.').SelectMany(part => part[0] == 'z'
            ? new byte[int.Parse(part.AsSpan(1), CultureInfo.InvariantCulture)]
            : Convert.FromHexString(part)),
    ];

    /// <summary>The indices are in guest memory: every request of these guests had been answered, and no more were offered.</summary>
    private static void PlaceRingIndices(TestMachine machine, byte[] body, bool isLegacy)
    {
        int at = 20 + (int)BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(20)) + 4;
        uint count = BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(at));
        int modern = body.AsSpan().IndexOf("virtio/virtqueues"u8) + "virtio/virtqueues".Length + 4;
        for (uint i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> queue = body.AsSpan(at + 4 + (18 * (int)i));
            uint size = BinaryPrimitives.ReadUInt32BigEndian(queue);
            ulong descriptors = BinaryPrimitives.ReadUInt64BigEndian(queue[8..]);
            ushort index = BinaryPrimitives.ReadUInt16BigEndian(queue[16..]);
            if (descriptors == 0)
                continue;
            ulong avail = descriptors + (16 * size);
            ulong used = (avail + 4 + (2 * size) + 4095) & ~4095UL;
            if (!isLegacy)
            {
                avail = BinaryPrimitives.ReadUInt64BigEndian(body.AsSpan(modern + (16 * (int)i)));
                used = BinaryPrimitives.ReadUInt64BigEndian(body.AsSpan(modern + (16 * (int)i) + 8));
            }

            machine.Write(avail + 2, index, 2);
            machine.Write(used + 2, index, 2);
        }
    }
}
