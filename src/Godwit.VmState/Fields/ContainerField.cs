using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>One element that holds objects of another description, however many; these are applied with the version of the field.</summary>
internal abstract class ContainerField<T>(string name, string wireType, VmStateDescription nested, uint since, Func<T, uint, bool>? when)
    : ElementField<T>(name, wireType, since, when)
    where T : class
{
    public sealed override VmStateDescription Nested => nested;

    public sealed override uint? NestedLoadVersion => Since;

    internal sealed override bool IsLeaf => false;

    internal sealed override bool IsCompressible(PeerProfile profile, int depth) => !HasPredicate;

    protected sealed override int GetCount(T owner, MigrationReader? reader) => 1;
}
