using Godwit.Memory;
using Godwit.Migration.Tests.Control;

namespace Godwit.Migration.Tests.Ram;

public sealed class SnapshotWriteGateTests : IDisposable
{
    private readonly RamTestMachine _machine = new();
    private readonly RamBlock _block;

    public SnapshotWriteGateTests() => _block = _machine.AddBlock("ram", 64);

    [Fact]
    public void BeforeWrite_PageIsPutAside_OnlyOnceAndAsItWas()
    {
        SnapshotWriteGate gate = Gate(sparePages: 2);
        _block.GetSpan(default, 1)[0] = 7;

        gate.BeforeWrite(_block, default, 1);
        _block.GetSpan(default, 1)[0] = 8;
        gate.BeforeWrite(_block, default, 1);

        var saved = new SavedPage[4];
        Assert.Equal(1, gate.TakeSaved(saved));
        Assert.Equal(7, saved[0].Memory.AsSpan()[0]);
    }

    [Fact]
    public void Lift_WhileWritersComeToAGateWithoutSparePages_AllGoOn()
    {
        // A writer has looked at its page, and the gate is lifted before it can wait: it must not wait for what has been. Hence the many rounds.
        const int Rounds = 20_000;
        SnapshotWriteGate? gate = null;
        using var turn = new Barrier(2);
        var writer = new Thread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                turn.SignalAndWait();
                gate!.BeforeWrite(_block, default, 1);
                turn.SignalAndWait();
            }
        });
        writer.IsBackground = true;
        writer.Start();

        for (int i = 0; i < Rounds; i++)
        {
            gate = Gate(sparePages: 0);
            Assert.True(turn.SignalAndWait(MigrationPair.Deadline));
            gate.Lift();
            Assert.True(turn.SignalAndWait(MigrationPair.Deadline), $"the writer of round {i} does not go on");
        }

        Assert.True(writer.Join(MigrationPair.Deadline));
    }

    public void Dispose() => _machine.Dispose();

    private SnapshotWriteGate Gate(int sparePages)
    {
        var bitmap = new MigrationBitmap(_machine.Memory, [_block]);
        return new SnapshotWriteGate(bitmap, new PageSearch(bitmap), sparePages);
    }
}
