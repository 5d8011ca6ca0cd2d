using System.Buffers;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>Writes valid migration streams: framing by hand, device bodies by the writer that real migrations use.</summary>
internal sealed class StreamSeeds(FuzzRandom random)
{
    private const uint RamId = 2;
    private const uint StubId = 3;
    private const uint FirstDeviceId = 4;

    private readonly VmStateRegistry _registry = new();

    /// <summary>A whole stream.</summary>
    /// <param name="settings">What the destination is like.</param>
    /// <param name="wholePages">One of how many RAM records is a page in full; 0 for none.</param>
    /// <param name="isDescribed">A true description at the end.</param>
    public SeedInput Make(StreamSettings settings, int wholePages, bool isDescribed)
    {
        var bytes = new SeedBuilder(settings.Value);
        var json = new VmDescriptionWriter(settings.Profile, FuzzMachine.PageBytes);
        WriteHead(bytes, settings);
        if (settings.HasReturnPath && random.OneIn(2))
            WriteCommands(bytes);
        var ram = new RamSeeds(random, bytes, settings.Capabilities);
        if (!random.OneIn(4))
            WriteRam(bytes, ram, wholePages, isDescribed);
        if (random.OneIn(4))
            WriteStub(bytes);
        if (settings.Profile.AcceptsSwitchoverStart && random.OneIn(2))
            bytes.Piece().U8(8).U16(11).U16(0);
        WriteDevices(bytes, settings, json, isDescribed);
        if (!isDescribed && random.OneIn(3))
            WriteGlobalState(bytes);
        bytes.Piece().U8(0);
        if (isDescribed)
        {
            ReadOnlyMemory<byte> text = json.Complete();
            bytes.Piece().U8(6).U32((uint)text.Length).Bytes(text.Span);
        }
        else if (random.OneIn(3))
        {
            bytes.Piece().U8(6).U32(2).Bytes("{}"u8);
        }

        return bytes.Build();
    }

    private void WriteHead(SeedBuilder bytes, StreamSettings settings)
    {
        string machine = random.OneIn(8) ? "virt" : StreamModel.Machine;
        bytes.Piece().U32(0x5145564d).U32(3).U8(7).U32((uint)machine.Length).Bytes(System.Text.Encoding.ASCII.GetBytes(machine));
        if (random.OneIn(4))
            bytes.Piece().U8(5).Text("configuration/target-page-bits").U32(1).U32(12);
        if (settings.Capabilities.IgnoreShared)
            bytes.Piece().U8(5).Text("configuration/capabilities").U32(1).U32(1).Text("x-ignore-shared");
        if (random.OneIn(4))
            bytes.Piece().U8(5).Text("configuration/uuid").U32(1).Bytes(StreamModel.Uuid.ToByteArray(bigEndian: true));
    }

    private void WriteCommands(SeedBuilder bytes)
    {
        bytes.Piece().U8(8).U16(1).U16(0);
        for (int pings = random.Next(3); pings > 0; pings--)
            bytes.Piece().U8(8).U16(2).U16(4).U32(random.NextUInt32());
        if (random.OneIn(4))
            bytes.Piece().U8(8).U16(10).U16(4).Text("ram");
    }

    private void WriteRam(SeedBuilder bytes, RamSeeds ram, int wholePages, bool isListComplete)
    {
        WriteHeader(bytes, SectionType.Start, RamId, "ram", 4);
        ram.WriteList();
        ram.WriteEnd();
        WriteFooter(bytes, RamId);
        if (isListComplete)
        {
            // Whoever has the stream alone knows only the blocks of the list.
            WriteHeader(bytes, SectionType.End, RamId);
            ram.WriteEnd();
            WriteFooter(bytes, RamId);
            return;
        }

        for (int rounds = random.Next(3); rounds >= 0; rounds--)
        {
            WriteHeader(bytes, rounds == 0 ? SectionType.End : SectionType.Part, RamId);
            ram.WriteRecords(random.Between(0, 4), wholePages);
            ram.WriteEnd();
            WriteFooter(bytes, RamId);
        }
    }

    private void WriteStub(SeedBuilder bytes)
    {
        WriteHeader(bytes, SectionType.Start, StubId, FuzzStub.IdString, FuzzStub.Version);
        int count = random.Next(20);
        bytes.U16(count).Bytes(new byte[count]);
        WriteFooter(bytes, StubId);
    }

    private void WriteDevices(SeedBuilder bytes, StreamSettings settings, VmDescriptionWriter json, bool isDescribed)
    {
        uint id = FirstDeviceId;
        foreach (VmStateDescription<FuzzDevice> description in FuzzDescriptions.All)
        {
            // Before 11.1 there was no array that the receiver allocates, and no way to describe one.
            bool isDescribable = description != FuzzDescriptions.Nodes || settings.Profile == PeerProfile.Qemu11_1;
            if (random.Next(5) > 1 || (isDescribed && !isDescribable))
                continue;
            FuzzDevice device = FuzzDevice.Random(random, isUniform: isDescribed);
            SaveStateEntry entry = _registry.Register(description, device, description == FuzzDescriptions.Customs ? StreamModel.DevicePath : null);
            WriteHeader(bytes, SectionType.Full, id, entry.IdString, description.Version);
            var body = new ArrayBufferWriter<byte>();
            MigrationWriter writer = MigrationWriter.ToMemory(body);
            VmStateCodec.Save(entry, writer, json, settings.Profile);
            writer.Flush();
            bytes.Bytes(body.WrittenSpan);
            WriteFooter(bytes, id++);
            _registry.Unregister(entry);
        }
    }

    private void WriteGlobalState(SeedBuilder bytes)
    {
        WriteHeader(bytes, SectionType.Full, 99, "globalstate", 1);
        byte[] name = new byte[100];
        System.Text.Encoding.ASCII.GetBytes(random.Pick("running", "paused", "prelaunch"), name);
        bytes.U32(8).Bytes(name);
        WriteFooter(bytes, 99);
    }

    private static void WriteHeader(SeedBuilder bytes, SectionType type, uint id, string? idString = null, uint version = 0)
    {
        bytes.Piece().U8((byte)type).U32(id);
        if (idString is not null)
            bytes.Text(idString).U32(0).U32(version);
    }

    private static void WriteFooter(SeedBuilder bytes, uint id) => bytes.U8(0x7e).U32(id);
}
