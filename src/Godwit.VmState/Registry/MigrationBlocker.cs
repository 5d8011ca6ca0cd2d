namespace Godwit.VmState;

/// <summary>A reason against migration; disposing of it takes the reason away.</summary>
internal sealed class MigrationBlocker(VmStateRegistry registry, string reason) : IDisposable
{
    public string Reason => reason;

    public void Dispose() => registry.RemoveBlocker(this);
}
