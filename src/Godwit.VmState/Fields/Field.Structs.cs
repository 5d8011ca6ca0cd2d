namespace Godwit.VmState;

/// <content>Nested descriptions: structs, arrays of them, containers.</content>
public static partial class Field
{
    /// <summary>Greatest number of elements in a container unless a field says otherwise.</summary>
    public const int DefaultContainerMaximum = 65536;

    /// <summary>A nested object in place, or behind a reference that is never null.</summary>
    public static VmStateField<T> Struct<T, TChild>(
        string name,
        Func<T, TChild> child,
        VmStateDescription<TChild> description,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TChild : class => new StructField<T, TChild>(name, child, description, null, since, when);

    /// <summary>A nested object that both directions treat as of a fixed version.</summary>
    public static VmStateField<T> VStruct<T, TChild>(
        string name,
        Func<T, TChild> child,
        VmStateDescription<TChild> description,
        uint structVersion,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TChild : class => new StructField<T, TChild>(name, child, description, structVersion, since, when);

    /// <summary>All objects of a fixed array, or the part of it that the list covers.</summary>
    public static VmStateField<T> StructArray<T, TChild>(
        string name,
        Func<T, IReadOnlyList<TChild>> elements,
        VmStateDescription<TChild> description,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TChild : class => new StructArrayField<T, TChild>(name, elements, description, null, 0, null, null, since, when);

    /// <summary>As many objects as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> StructVarArray<T, TChild>(
        string name,
        Func<T, IReadOnlyList<TChild>> elements,
        VmStateDescription<TChild> description,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TChild : class => new StructArrayField<T, TChild>(name, elements, description, count, maximum, allocate, null, since, when);

    /// <summary>All objects of a fixed array, each treated as of a fixed version.</summary>
    public static VmStateField<T> VStructArray<T, TChild>(
        string name,
        Func<T, IReadOnlyList<TChild>> elements,
        VmStateDescription<TChild> description,
        uint structVersion,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TChild : class => new StructArrayField<T, TChild>(name, elements, description, null, 0, null, structVersion, since, when);

    /// <summary>An array of references; a null one is written as a marker, and the receiver has the same pattern of nulls.</summary>
    public static VmStateField<T> ArrayOfPointers<T, TChild>(
        string name,
        FieldSpan<T, TChild?> elements,
        VmStateDescription<TChild> description,
        Func<T, long>? count = null,
        int maximum = 0,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TChild : class => new PointerArrayField<T, TChild>(name, elements, description, null, count, maximum, since, when);

    /// <summary>An array of references, each preceded by a byte that says whether it is there; the receiver creates (11.1).</summary>
    public static VmStateField<T> AutoAllocArray<T, TChild>(
        string name,
        FieldSpan<T, TChild?> elements,
        VmStateDescription<TChild> description,
        Func<T, int, TChild> create,
        Func<T, long>? count = null,
        int maximum = 0,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TChild : class => new PointerArrayField<T, TChild>(name, elements, description, create, count, maximum, since, when);

    /// <summary>A temporary object made from its parent; the description's hooks carry values between the two.</summary>
    public static VmStateField<T> Tmp<T, TChild>(
        string name,
        Func<T, TChild> create,
        VmStateDescription<TChild> description,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TChild : class => new TemporaryField<T, TChild>(name, create, description, since, when);

    /// <summary>A tail queue; loading appends to what the collection holds.</summary>
    public static VmStateField<T> QTailq<T, TChild>(
        string name,
        Func<T, ICollection<TChild>> elements,
        Func<T, TChild> create,
        VmStateDescription<TChild> description,
        int maximum = DefaultContainerMaximum,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TChild : class => new QueueField<T, TChild>(name, "qtailq", elements, create, description, maximum, since, when);

    /// <summary>A list; loading appends to what the collection holds.</summary>
    public static VmStateField<T> QList<T, TChild>(
        string name,
        Func<T, ICollection<TChild>> elements,
        Func<T, TChild> create,
        VmStateDescription<TChild> description,
        int maximum = DefaultContainerMaximum,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TChild : class => new QueueField<T, TChild>(name, "qlist", elements, create, description, maximum, since, when);

    /// <summary>A map with integer keys; the caller's dictionary decides the order, a tree is sorted.</summary>
    public static VmStateField<T> GTree<T, TValue>(
        string name,
        Func<T, IDictionary<ulong, TValue>> nodes,
        Func<T, TValue> createValue,
        VmStateDescription<TValue> description,
        int maximum = DefaultContainerMaximum,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TValue : class => new TreeField<T, ulong, TValue>(
            name, nodes, new IntegerTreeKey(), createValue, description, maximum, since, when);

    /// <summary>A map whose keys are structs with a description of their own.</summary>
    public static VmStateField<T> GTree<T, TKey, TValue>(
        string name,
        Func<T, IDictionary<TKey, TValue>> nodes,
        Func<TKey> createKey,
        VmStateDescription<TKey> keyDescription,
        Func<T, TValue> createValue,
        VmStateDescription<TValue> description,
        int maximum = DefaultContainerMaximum,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class
        where TKey : class
        where TValue : class => new TreeField<T, TKey, TValue>(
            name, nodes, new StructTreeKey<TKey>(keyDescription, createKey), createValue, description, maximum, since, when);
}
