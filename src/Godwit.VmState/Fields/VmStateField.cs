namespace Godwit.VmState;

/// <summary>One field of a description; the typed half is <see cref="VmStateField{T}"/>.</summary>
public abstract class VmStateField
{
    private protected VmStateField(string name, string wireType, uint since)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        WireType = wireType;
        Since = since;
    }

    /// <summary>The name in the JSON description; not on the wire.</summary>
    public string Name { get; }

    /// <summary>The type in the JSON description.</summary>
    public string WireType { get; }

    /// <summary>The lowest version of the description in which the field is present; ignored when a predicate decides.</summary>
    public uint Since { get; }

    /// <summary>Whether a predicate decides about presence.</summary>
    public abstract bool HasPredicate { get; }

    /// <summary>A check without data: its predicate has to hold, else the load fails.</summary>
    public virtual bool MustExist => false;

    /// <summary>The nested description, for structs and containers.</summary>
    public virtual VmStateDescription? Nested => null;

    /// <summary>The nested description is applied with this version on load; null: with its own.</summary>
    public virtual uint? NestedLoadVersion => null;

    /// <summary>Errors of the field's own bytes name the field; containers leave that to their children.</summary>
    internal virtual bool IsLeaf => true;

    /// <summary>Whether a run of elements gets one entry in the JSON.</summary>
    internal virtual bool IsCompressible(PeerProfile profile, int depth) => !HasPredicate;
}
