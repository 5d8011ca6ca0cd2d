using Godwit.Migration;
using Godwit.Testing;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>Runs of whole pages over a channel that scatters: pages are read into guest memory before their records are known. Byte 0 chooses the pieces.</summary>
internal sealed class RamRunsTarget : FuzzTarget
{
    private const int MainPages = 40;

    private readonly FuzzMachine _machine = new(MainPages);
    private readonly FuzzRandom _pieces = new(0);
    private readonly PieceChannel _channel;
    private readonly MigrationReader _reader;
    private int _longestPiece = 1;

    public RamRunsTarget()
    {
        _channel = new PieceChannel(() => _pieces.Between(1, _longestPiece));
        _reader = new MigrationReader(_channel);
    }

    public override string Name => "ram-runs";

    public override int CorpusSize => 48;

    public override int MaxInputBytes => 160 * 1024;

    public override SeedInput MakeSeed(FuzzRandom random)
    {
        var bytes = new SeedBuilder(random.NextByte());
        var ram = new RamSeeds(random, bytes.Piece(), default);
        int page = random.Next(MainPages - 16);
        for (int pages = random.Between(9, 30); pages > 0; pages--)
        {
            bytes.Piece();
            if (random.OneIn(12))
                ram.WriteRecords(1, wholePages: 0);
            if (random.OneIn(16))
                page = random.Next(MainPages);
            if (random.OneIn(24))
                ram.WriteEnd();
            ram.WritePage(FuzzMachine.Main, (ulong)(page++ % MainPages) * FuzzMachine.PageBytes);
        }

        ram.WriteEnd();
        return bytes.Build();
    }

    public override bool Fuzz(ReadOnlySpan<byte> input)
    {
        byte settings = input.IsEmpty ? (byte)0 : input[0];
        byte[] bytes = input.IsEmpty ? [] : input[1..].ToArray();
        _machine.Reset();
        _channel.Refill(bytes);
        _pieces.Restart(settings, bytes.Length);
        _longestPiece = (settings & 3) switch { 0 => 50, 1 => 5000, 2 => 40_000, _ => 400_000 };
        _reader.FilePosition = 0;
        Check(_reader.Position == 0, "the position of the reader has left that of its channel");
        var options = new RamOptions();
        using var incoming = new IncomingRam(_machine.Memory, options);
        try
        {
            do
                incoming.Read(_reader, RamRecord.SectionVersion, SectionType.Part);
            while (!_reader.IsAtEnd());
        }
        catch (StreamFormatException refusal)
        {
            return Refused(refusal, bytes.Length);
        }

        var model = new RamModel(_machine, options);
        var cursor = new ByteCursor(bytes, 0, bytes.Length);
        do
            model.ReadSection(cursor, mayList: false);
        while (!cursor.IsAtEnd);
        model.CheckEqual(block => block.IsMigratable ? incoming.Placement.ReceivedOf(block) : null);
        return true;
    }

    protected override void Close()
    {
        _channel.Dispose();
        _machine.Dispose();
    }
}
