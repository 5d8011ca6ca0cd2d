using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Control;

/// <summary>An iterative entry with a simple body: a counted run of bytes.</summary>
internal sealed class FakeRam : ISaveVmHandlers
{
    private const int RoundBytes = 256;

    private volatile int _roundsLeft;

    public FakeRam(int rounds = 2, bool converges = true)
    {
        _roundsLeft = rounds;
        Converges = converges;
    }

    public bool HasSetup => true;

    public bool HasIterate => true;

    public bool HasComplete => true;

    public bool IsSwitchoverAckNeeded { get; init; }

    /// <summary>False: there is always more to send than fits into any downtime.</summary>
    public bool Converges { get; set; }

    /// <summary>Called in each round, on the migration thread.</summary>
    public Action? Iterating { get; set; }

    /// <summary>Called when the END section is written.</summary>
    public Action? Completing { get; set; }

    public int Cleanups { get; private set; }

    public int LoadCleanups { get; private set; }

    public int SwitchoverStarts { get; private set; }

    public List<SectionType> Loaded { get; } = [];

    /// <summary>The guest writes as much as goes out in so many rounds.</summary>
    public void Dirty(int rounds) => _roundsLeft = rounds;

    public void SaveSetup(MigrationWriter writer) => Write(writer, 3);

    public bool SaveLiveIterate(MigrationWriter writer)
    {
        Iterating?.Invoke();
        Write(writer, RoundBytes);
        writer.Flush();
        if (_roundsLeft > 0)
            _roundsLeft--;
        return _roundsLeft == 0;
    }

    public PendingBytes QueryPending(bool exact, bool final) =>
        new(Converges ? _roundsLeft * (long)RoundBytes : long.MaxValue / 4, 0, 0);

    public void SaveComplete(MigrationWriter writer)
    {
        Completing?.Invoke();
        Write(writer, 5);
    }

    public void SaveCleanup() => Cleanups++;

    public void LoadCleanup() => LoadCleanups++;

    public void SwitchoverStart() => SwitchoverStarts++;

    public void LoadState(MigrationReader reader, uint version, SectionType type)
    {
        reader.Skip(reader.ReadUInt16());
        Loaded.Add(type);
    }

    private static void Write(MigrationWriter writer, int count)
    {
        writer.WriteUInt16((ushort)count);
        for (var i = 0; i < count; i++)
            writer.WriteByte((byte)i);
    }
}
