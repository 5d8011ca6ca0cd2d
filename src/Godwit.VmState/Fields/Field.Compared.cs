namespace Godwit.VmState;

/// <content>Scalars that have to fit the receiver's current value.</content>
public static partial class Field
{
    /// <summary>Has to equal the receiver's value.</summary>
    public static VmStateField<T> UInt8Equal<T>(string name, Func<T, byte> get, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ComparedField<T, byte>(
            name, "uint8 equal", ScalarCodecs.UInt8, get, (found, local) => found == local, "equal to", set: null, since, when);

    /// <summary>Has to equal the receiver's value.</summary>
    public static VmStateField<T> UInt16Equal<T>(string name, Func<T, ushort> get, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ComparedField<T, ushort>(
            name, "uint16 equal", ScalarCodecs.UInt16, get, (found, local) => found == local, "equal to", set: null, since, when);

    /// <summary>Has to equal the receiver's value.</summary>
    public static VmStateField<T> Int32Equal<T>(string name, Func<T, int> get, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ComparedField<T, int>(
            name, "int32 equal", ScalarCodecs.Int32, get, (found, local) => found == local, "equal to", set: null, since, when);

    /// <summary>Has to equal the receiver's value.</summary>
    public static VmStateField<T> UInt32Equal<T>(string name, Func<T, uint> get, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ComparedField<T, uint>(
            name, "uint32 equal", ScalarCodecs.UInt32, get, (found, local) => found == local, "equal to", set: null, since, when);

    /// <summary>Has to equal the receiver's value; unsigned in spite of its name.</summary>
    public static VmStateField<T> Int64Equal<T>(string name, Func<T, ulong> get, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ComparedField<T, ulong>(
            name, "int64 equal", ScalarCodecs.UInt64, get, (found, local) => found == local, "equal to", set: null, since, when);

    /// <summary>Has to be at least 0 and at most the receiver's value, and is then stored.</summary>
    public static VmStateField<T> Int32LessOrEqual<T>(string name, FieldRef<T, int> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ComparedField<T, int>(
            name,
            "int32 le",
            ScalarCodecs.Int32,
            owner => field(owner),
            (found, local) => found >= 0 && found <= local,
            "at least 0 and at most",
            (owner, value) => field(owner) = value,
            since,
            when);
}
