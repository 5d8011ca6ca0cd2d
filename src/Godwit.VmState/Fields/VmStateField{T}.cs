namespace Godwit.VmState;

/// <summary>One field of a description of <typeparamref name="T"/>, made by <see cref="Field"/>.</summary>
/// <typeparam name="T">The type of the object that holds the value.</typeparam>
public abstract class VmStateField<T> : VmStateField
    where T : class
{
    private readonly Func<T, uint, bool>? _when;

    private protected VmStateField(string name, string wireType, uint since, Func<T, uint, bool>? when)
        : base(name, wireType, since) => _when = when;

    /// <inheritdoc/>
    public override bool HasPredicate => _when is not null;

    /// <summary>With a predicate its answer alone; without, the version gate.</summary>
    internal bool IsPresent(T owner, uint version) => _when is null ? Since <= version : _when(owner, version);

    /// <summary>Writes all elements, and describes them if asked.</summary>
    internal abstract void Save(T owner, in SaveContext context, string jsonName, string markerName);

    /// <summary>Reads all elements.</summary>
    internal abstract void Load(T owner, in LoadContext context);
}
