using System.Buffers;
using Godwit.Wire;

namespace Godwit.VmState.Tests;

/// <summary>Identity, order, look-up, blockers.</summary>
public sealed class RegistryTests
{
    [Fact]
    public void Register_SameName_CountsInstances()
    {
        var registry = new VmStateRegistry();
        Assert.Equal(0u, registry.Register(Device("pflash_cfi01"), new Probe()).InstanceId);
        Assert.Equal(1u, registry.Register(Device("pflash_cfi01"), new Probe()).InstanceId);
        Assert.Equal(7u, registry.Register(Device("pflash_cfi01"), new Probe(), instanceId: 7).InstanceId);
        Assert.Equal(8u, registry.Register(Device("pflash_cfi01"), new Probe()).InstanceId);
    }

    [Fact]
    public void Register_WithPath_AnswersToCompatName()
    {
        var registry = new VmStateRegistry();
        SaveStateEntry first = registry.Register(Device("virtio-net"), new Probe(), "virtio-mmio@0000000010008000");
        SaveStateEntry second = registry.Register(Device("virtio-net"), new Probe(), "virtio-mmio@0000000010007000");
        Assert.Equal("virtio-mmio@0000000010008000/virtio-net", first.IdString);
        Assert.Equal((0u, 0u), (first.InstanceId, second.InstanceId));
        Assert.Same(first, registry.Find("virtio-mmio@0000000010008000/virtio-net", 0));
        Assert.Same(first, registry.Find("virtio-net", 0));
        Assert.Same(second, registry.Find("virtio-net", 1));
        Assert.Null(registry.Find("virtio-net", 2));
        Assert.Null(registry.Find("virtio-mmio@0000000010008000/virtio-net", 1));
    }

    [Fact]
    public void Find_Alias_IsASecondInstance()
    {
        var registry = new VmStateRegistry();
        SaveStateEntry entry = registry.Register(Device("rtc"), new Probe(), instanceId: 3, aliasId: 0);
        Assert.Same(entry, registry.Find("rtc", 0));
        Assert.Same(entry, registry.Find("rtc", 3));
        Assert.Null(registry.Find("rtc", 1));
    }

    [Fact]
    public void Register_SameIdentityTwice_IsRefused()
    {
        var registry = new VmStateRegistry();
        registry.Register(Device("timer"), new Probe(), instanceId: 0);
        Assert.Throws<InvalidOperationException>(() => registry.Register(Device("timer"), new Probe(), instanceId: 0));
    }

    [Fact]
    public void Register_IdentityLongerThan255Bytes_IsRefused()
    {
        var registry = new VmStateRegistry();
        Assert.Throws<ArgumentException>(() => registry.Register(Device("timer"), new Probe(), new string('p', 250)));
    }

    [Fact]
    public void Entries_Priorities_HigherFirstThenRegistration()
    {
        var registry = new VmStateRegistry();
        foreach ((string name, MigrationPriority priority) in new[]
        {
            ("timer", MigrationPriority.Default), ("ram", MigrationPriority.Default), ("apic", MigrationPriority.Apic),
            ("bridge", MigrationPriority.PciBus), ("iommu", MigrationPriority.Iommu), ("late", MigrationPriority.Low), ("gic", MigrationPriority.GicV3),
        })
        {
            registry.Register(new VmStateDescription<Probe>(name, 1) { Priority = priority }, new Probe());
        }

        Assert.Equal(["gic", "apic", "bridge", "iommu", "timer", "ram", "late"], Names(PeerProfile.Qemu11_1));
        Assert.Equal(["gic", "bridge", "iommu", "timer", "ram", "apic", "late"], Names(PeerProfile.Qemu10_0));
        IEnumerable<string> Names(PeerProfile profile) => registry.GetEntries(profile).Select(entry => entry.IdString);
    }

    [Fact]
    public void Unregister_Entry_KeepsSectionIdsUnique()
    {
        var registry = new VmStateRegistry();
        SaveStateEntry first = registry.Register(Device("a"), new Probe());
        registry.Unregister(first);
        Assert.NotEqual(first.SectionId, registry.Register(Device("a"), new Probe()).SectionId);
        Assert.Single(registry.Entries);
    }

    [Fact]
    public void BlockedReason_Blockers_LastAddedThatHolds()
    {
        var registry = new VmStateRegistry();
        Assert.Null(registry.BlockedReason);
        using IDisposable first = registry.AddBlocker("first");
        IDisposable second = registry.AddBlocker("disk is local");
        Assert.Equal("disk is local", registry.BlockedReason);
        second.Dispose();
        Assert.Equal(["first"], registry.Blockers);
        Assert.Equal("first", registry.BlockedReason);
        registry.Register(new VmStateDescription<Probe>("nvme", 1) { Unmigratable = true }, new Probe(), "0000:00:0b.0");
        Assert.Equal("State blocked by non-migratable device '0000:00:0b.0/nvme'", registry.BlockedReason);
    }

    [Fact]
    public void RegisterVariants_Profiles_WriteAndReadTheirVersion()
    {
        VmStateDescription<Probe> old = new("cpu", 10, 10) { Fields = [Field.UInt8<Probe>("a", p => ref p.A)] };
        VmStateDescription<Probe> current = new("cpu", 12, 12) { Fields = [Field.UInt8<Probe>("b", p => ref p.B), Field.UInt8<Probe>("a", p => ref p.A)] };
        var probe = new Probe { A = 1, B = 2 };
        SaveStateEntry entry = new VmStateRegistry().RegisterVariants(
            profile => profile.Release.Major >= 11 ? current : old, [old, current], probe, instanceId: 0);
        Assert.Equal("01", SaveHex(entry, PeerProfile.Qemu10_0));
        Assert.Equal("0201", SaveHex(entry, PeerProfile.Qemu11_1));
        Assert.Equal((10u, 12u), (entry.GetVersion(PeerProfile.Qemu10_0), entry.GetVersion(PeerProfile.Qemu11_1)));
        VmStateCodec.Load(entry, MigrationReader.FromMemory(new byte[] { 9 }), 10);
        Assert.Equal((9, 2), (probe.A, probe.B));
        VmStateCodec.Load(entry, MigrationReader.FromMemory(new byte[] { 8, 7 }), 12);
        Assert.Equal((7, 8), (probe.A, probe.B));
        Assert.Contains("too old", LoadFails(entry, 9).Reason, StringComparison.Ordinal);
        Assert.Equal("savevm: unsupported version 13 for 'cpu' v12", LoadFails(entry, 13).Reason);
    }

    [Theory]
    [InlineData("7.2", "savevm: unsupported version 9 for 'timer' v2")]
    [InlineData("10.0", "savevm: unsupported version 9 for 'timer' v2")]
    [InlineData("11.1", "unsupported version 9 for 'timer' v2")]
    public void Load_HeaderVersionTooNew_SpeaksAsThePeer(string profile, string reason)
    {
        SaveStateEntry entry = new VmStateRegistry().Register(new VmStateDescription<Probe>("timer", 2), new Probe());
        var error = Assert.Throws<StreamFormatException>(() => VmStateCodec.Load(entry, MigrationReader.FromMemory(default), 9, PeerProfile.Find(profile)!));
        Assert.Equal(reason, error.Reason);
    }

    [Fact]
    public void Save_HandWrittenEntry_IsDescribedAsData()
    {
        var handlers = new Handlers();
        SaveStateEntry entry = new VmStateRegistry().RegisterHandlers("slirp", 4, handlers);
        var json = new VmDescriptionWriter(PeerProfile.Default, 4096);
        var writer = MigrationWriter.ToMemory(new ArrayBufferWriter<byte>());
        Assert.True(entry.IsNeeded(PeerProfile.Default));
        VmStateCodec.Save(entry, writer, json, PeerProfile.Default);
        Assert.Equal(
            """{"page_size": 4096, "devices": [{"name": "slirp", "instance_id": 0, "size": 2, "fields": [{"name": "data", "size": 2, "type": "buffer"}]}]}""",
            System.Text.Encoding.ASCII.GetString(json.Complete().Span));
        VmStateCodec.Load(entry, MigrationReader.FromMemory(new byte[] { 5, 6 }), 4);
        Assert.Equal((ushort)0x506, handlers.Loaded);
    }

    private static VmStateDescription<Probe> Device(string name) => new(name, 1);

    private static StreamFormatException LoadFails(SaveStateEntry entry, uint version) =>
        Assert.Throws<StreamFormatException>(() => VmStateCodec.Load(entry, MigrationReader.FromMemory(new byte[8]), version));

    private static string SaveHex(SaveStateEntry entry, PeerProfile profile)
    {
        var bytes = new ArrayBufferWriter<byte>();
        MigrationWriter writer = MigrationWriter.ToMemory(bytes);
        VmStateCodec.Save(entry, writer, null, profile);
        writer.Flush();
        return Convert.ToHexStringLower(bytes.WrittenSpan);
    }

    private sealed class Handlers : ISaveVmHandlers
    {
        public bool HasSaveState => true;

        public ushort Loaded { get; private set; }

        public void SaveState(MigrationWriter writer) => writer.WriteUInt16(0x0102);

        public void LoadState(MigrationReader reader, uint version, SectionType type) => Loaded = reader.ReadUInt16();
    }
}
