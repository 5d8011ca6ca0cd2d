using System.Buffers;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>The codec of device sections alone. Byte 0: profile (bits 0 and 1), table (2 to 4), how much older than the table's version (5 and 6).</summary>
internal sealed class VmStateTarget : FuzzTarget
{
    private readonly byte[] _bytes;

    public VmStateTarget() => _bytes = new byte[MaxInputBytes];

    public override string Name => "vmstate";

    public override SeedInput MakeSeed(FuzzRandom random)
    {
        int table = random.Next(FuzzDescriptions.All.Count);
        var settings = (byte)(random.Next(4) | (table << 2));
        byte[] body = Save(FuzzDescriptions.All[table], FuzzDevice.Random(random), ProfileOf(settings));
        return new SeedBuilder(settings).Piece().Bytes(body).Build();
    }

    public override bool Fuzz(ReadOnlySpan<byte> input)
    {
        byte settings = input.IsEmpty ? (byte)0 : input[0];
        int length = Math.Max(0, input.Length - 1);
        input[^length..].CopyTo(_bytes);
        VmStateDescription<FuzzDevice> description = FuzzDescriptions.All[((settings >> 2) & 7) % FuzzDescriptions.All.Count];
        uint version = description.Version - (uint)((settings >> 5) & 3);
        PeerProfile profile = ProfileOf(settings);
        MigrationReader reader = MigrationReader.FromMemory(_bytes.AsMemory(0, length));
        var device = new FuzzDevice();
        try
        {
            VmStateCodec.Load(description, device, reader, version, profile);
        }
        catch (StreamFormatException refusal)
        {
            return Refused(refusal, length);
        }

        var expected = new FuzzDevice();
        var cursor = new ByteCursor(_bytes, 0, length);
        DeviceModel.Read(description.Name, cursor, expected, version);
        string found = device.ToString();
        CheckEqual(expected.ToString(), found, description.Name + " differs");
        Check(cursor.Position == reader.Position, $"read to {reader.Position}, not to {cursor.Position}");
        if (version == description.Version)
            CheckWritten(description, device, found, profile);
        return true;
    }

    private static PeerProfile ProfileOf(byte settings) => PeerProfile.All[(settings & 3) % PeerProfile.All.Count];

    private static byte[] Save(VmStateDescription<FuzzDevice> description, FuzzDevice device, PeerProfile profile)
    {
        var bytes = new ArrayBufferWriter<byte>();
        MigrationWriter writer = MigrationWriter.ToMemory(bytes);
        VmStateCodec.Save(description, device, writer, json: null, profile);
        writer.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static void CheckWritten(VmStateDescription<FuzzDevice> description, FuzzDevice device, string expected, PeerProfile profile)
    {
        byte[] written = Save(description, device, profile);
        var again = new FuzzDevice();
        VmStateCodec.Load(description, again, MigrationReader.FromMemory(written), description.Version, profile);
        CheckEqual(expected, again.ToString(), description.Name + " differs after it was written and read again");
    }
}
