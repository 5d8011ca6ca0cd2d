using Godwit.Migration;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>RAM records alone: a START section and PARTs, one after another. Byte 0 as for streams.</summary>
internal sealed class RamTarget : FuzzTarget
{
    private const int LongSeeds = 16;

    private readonly FuzzMachine _machine = new();
    private readonly byte[] _bytes;

    public RamTarget() => _bytes = new byte[MaxInputBytes];

    public override string Name => "ram";

    public override SeedInput MakeSeed(FuzzRandom random)
    {
        var settings = new StreamSettings(random.NextByte());
        var bytes = new SeedBuilder(settings.Value);
        var ram = new RamSeeds(random, bytes.Piece(), settings.Capabilities);
        ram.WriteList();
        ram.WriteEnd();
        int wholePages = random.OneIn(LongSeeds) ? 2 : 0;
        for (int sections = random.Next(4); sections > 0; sections--)
        {
            for (int pieces = random.Next(4); pieces > 0; pieces--)
            {
                bytes.Piece();
                ram.WriteRecords(random.Between(0, 2), wholePages);
            }

            ram.WriteEnd();
        }

        return bytes.Build();
    }

    public override bool Fuzz(ReadOnlySpan<byte> input)
    {
        var settings = new StreamSettings(input.IsEmpty ? (byte)0 : input[0]);
        int length = Math.Max(0, input.Length - 1);
        input[^length..].CopyTo(_bytes);
        _machine.Reset();
        RamOptions options = RamOptions.From(settings.Capabilities, _machine.Parameters);
        MigrationReader reader = MigrationReader.FromMemory(_bytes.AsMemory(0, length));
        using var incoming = new IncomingRam(_machine.Memory, options);
        try
        {
            incoming.Read(reader, RamRecord.SectionVersion, SectionType.Start);
            while (!reader.IsAtEnd())
                incoming.Read(reader, RamRecord.SectionVersion, SectionType.Part);
        }
        catch (StreamFormatException refusal)
        {
            return Refused(refusal, length);
        }

        var model = new RamModel(_machine, options);
        var cursor = new ByteCursor(_bytes, 0, length);
        model.ReadSection(cursor, mayList: true);
        while (!cursor.IsAtEnd)
            model.ReadSection(cursor, mayList: false);
        model.CheckEqual(block => block.IsMigratable ? incoming.Placement.ReceivedOf(block) : null);
        return true;
    }

    protected override void Close() => _machine.Dispose();
}
