using Godwit.Migration;

namespace Godwit.Vmm;

/// <summary>What lies between the two machines of a rehearsal. The host does not see it.</summary>
internal abstract class RehearsalLink : IDisposable
{
    /// <summary>Before the source's guest runs: the destination listens, if somebody has to be there when the source begins.</summary>
    public abstract void Prepare(IncomingMigration target);

    /// <summary>Begins to migrate.</summary>
    public abstract void Start(OutgoingMigration source);

    /// <summary>After the source has completed: the destination takes what it has not taken yet.</summary>
    public abstract void Finish(IncomingMigration target);

    /// <summary>Gives back what it holds.</summary>
    public abstract void Dispose();
}
