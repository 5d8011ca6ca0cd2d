using static Godwit.VmState.Tests.VmStateBytes;

namespace Godwit.VmState.Tests;

/// <summary>
/// A section that a real QEMU wrote: <c>fw_cfg</c> of <c>qemu-system-x86_64 -M microvm -m 16 -S</c> 10.0.2, with two subsections, and its entry in
/// the description at the end of that stream.
/// </summary>
public sealed class RealSectionTests
{
    private const string Body = """
        0000 00000000
        05 0a 66775f6366672f646d61 00000000 0000000000000000
        05 0e 66775f6366672f616370695f6d72 00000001 00000000000002ae 0000000000000680 0000000000000024
        """;

    private const string Json = """{"name": "fw_cfg", "instance_id": 0, "vmsd_name": "fw_cfg", "version": 2, "fields": [{"name": "cur_entry", "type": "uint16", "size": 2}, {"name": "cur_offset[1]", "type": "uint32", "size": 4}], "subsections": [{"vmsd_name": "fw_cfg/dma", "version": 0, "fields": [{"name": "dma_addr", "type": "uint64", "size": 8}]}, {"vmsd_name": "fw_cfg/acpi_mr", "version": 1, "fields": [{"name": "table_mr_size", "type": "uint64", "size": 8}, {"name": "linker_mr_size", "type": "uint64", "size": 8}, {"name": "rsdp_mr_size", "type": "uint64", "size": 8}]}]}""";

    // Version 1 had the offset in 16 bits, hence two fields of one name.
    private static readonly VmStateDescription<FirmwareConfiguration> _fwCfg = new("fw_cfg", 2, 1)
    {
        Fields =
        [
            Field.UInt16<FirmwareConfiguration>("cur_entry", f => ref f.Entry),
            Field.UInt16<FirmwareConfiguration>("cur_offset", f => (ushort)f.Offset, (f, v) => f.Offset = v, when: (_, version) => version == 1),
            Field.UInt32<FirmwareConfiguration>("cur_offset", f => ref f.Offset, since: 2),
        ],
        Subsections =
        [
            new("fw_cfg/dma", 0) { Fields = [Field.UInt64<FirmwareConfiguration>("dma_addr", f => ref f.DmaAddress)] },
            new("fw_cfg/acpi_mr", 1)
            {
                Fields =
                [
                    Field.UInt64<FirmwareConfiguration>("table_mr_size", f => ref f.TableSize),
                    Field.UInt64<FirmwareConfiguration>("linker_mr_size", f => ref f.LinkerSize),
                    Field.UInt64<FirmwareConfiguration>("rsdp_mr_size", f => ref f.RsdpSize),
                ],
            },
        ],
    };

    [Fact]
    public void Load_RealSection_GivesItsValuesAndTheSameBytes()
    {
        var loaded = new FirmwareConfiguration();
        Load(_fwCfg, loaded, Hex(Body));
        Assert.Equal((0x2aeul, 0x680ul, 0x24ul), (loaded.TableSize, loaded.LinkerSize, loaded.RsdpSize));
        Assert.Equal(Hex(Body), Save(_fwCfg, loaded));
    }

    [Fact]
    public void Describe_RealSection_IsTheRealDescription() =>
        Assert.Equal(Json, Describe(_fwCfg, new FirmwareConfiguration(), PeerProfile.Qemu10_0));

    [Fact]
    public void Load_EarlierVersion_ReadsTheShortOffset()
    {
        var loaded = new FirmwareConfiguration();
        Load(_fwCfg, loaded, Hex("0001 0203"), version: 1);
        Assert.Equal((1, 0x203u), (loaded.Entry, loaded.Offset));
    }

    [Fact]
    public void Load_RealSectionCutAtEveryByte_IsRefusedOrEndsAtASubsection()
    {
        byte[] bytes = Hex(Body);
        for (int length = 0; length < bytes.Length; length++)
        {
            var reader = Wire.MigrationReader.FromMemory(bytes.AsMemory(0, length));
            try
            {
                VmStateCodec.Load(_fwCfg, new FirmwareConfiguration(), reader, 2, PeerProfile.Default);
                Assert.Contains(reader.Position, (long[])[6, 30]);
            }
            catch (Wire.StreamFormatException error)
            {
                Assert.InRange(error.Offset, 0, length);
            }
        }
    }

    private sealed class FirmwareConfiguration
    {
        public ushort Entry;
        public uint Offset;
        public ulong DmaAddress;
        public ulong TableSize;
        public ulong LinkerSize;
        public ulong RsdpSize;
    }
}
