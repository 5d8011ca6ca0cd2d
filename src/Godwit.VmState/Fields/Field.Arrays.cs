namespace Godwit.VmState;

/// <content>Arrays of scalars.</content>
public static partial class Field
{
    /// <summary>All elements of a fixed array, or the part of it that the span covers; each 1 byte; any non-zero value is read as true.</summary>
    public static VmStateField<T> BoolArray<T>(string name, FieldSpan<T, bool> elements, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, bool>(name, ScalarCodecs.Bool, elements, null, 0, null, since, when);

    /// <summary>As many elements as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> BoolVarArray<T>(
        string name,
        FieldSpan<T, bool> elements,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, bool>(name, ScalarCodecs.Bool, elements, count, maximum, allocate, since, when);

    /// <summary>All elements of a fixed array, or the part of it that the span covers; each 1 byte.</summary>
    public static VmStateField<T> UInt8Array<T>(string name, FieldSpan<T, byte> elements, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, byte>(name, ScalarCodecs.UInt8, elements, null, 0, null, since, when);

    /// <summary>As many elements as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> UInt8VarArray<T>(
        string name,
        FieldSpan<T, byte> elements,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, byte>(name, ScalarCodecs.UInt8, elements, count, maximum, allocate, since, when);

    /// <summary>All elements of a fixed array, or the part of it that the span covers; each 1 byte.</summary>
    public static VmStateField<T> Int8Array<T>(string name, FieldSpan<T, sbyte> elements, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, sbyte>(name, ScalarCodecs.Int8, elements, null, 0, null, since, when);

    /// <summary>As many elements as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> Int8VarArray<T>(
        string name,
        FieldSpan<T, sbyte> elements,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, sbyte>(name, ScalarCodecs.Int8, elements, count, maximum, allocate, since, when);

    /// <summary>All elements of a fixed array, or the part of it that the span covers; each 2 bytes.</summary>
    public static VmStateField<T> UInt16Array<T>(string name, FieldSpan<T, ushort> elements, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, ushort>(name, ScalarCodecs.UInt16, elements, null, 0, null, since, when);

    /// <summary>As many elements as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> UInt16VarArray<T>(
        string name,
        FieldSpan<T, ushort> elements,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, ushort>(name, ScalarCodecs.UInt16, elements, count, maximum, allocate, since, when);

    /// <summary>All elements of a fixed array, or the part of it that the span covers; each 2 bytes.</summary>
    public static VmStateField<T> Int16Array<T>(string name, FieldSpan<T, short> elements, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, short>(name, ScalarCodecs.Int16, elements, null, 0, null, since, when);

    /// <summary>As many elements as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> Int16VarArray<T>(
        string name,
        FieldSpan<T, short> elements,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, short>(name, ScalarCodecs.Int16, elements, count, maximum, allocate, since, when);

    /// <summary>All elements of a fixed array, or the part of it that the span covers; each 4 bytes.</summary>
    public static VmStateField<T> UInt32Array<T>(string name, FieldSpan<T, uint> elements, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, uint>(name, ScalarCodecs.UInt32, elements, null, 0, null, since, when);

    /// <summary>As many elements as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> UInt32VarArray<T>(
        string name,
        FieldSpan<T, uint> elements,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, uint>(name, ScalarCodecs.UInt32, elements, count, maximum, allocate, since, when);

    /// <summary>All elements of a fixed array, or the part of it that the span covers; each 4 bytes.</summary>
    public static VmStateField<T> Int32Array<T>(string name, FieldSpan<T, int> elements, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, int>(name, ScalarCodecs.Int32, elements, null, 0, null, since, when);

    /// <summary>As many elements as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> Int32VarArray<T>(
        string name,
        FieldSpan<T, int> elements,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, int>(name, ScalarCodecs.Int32, elements, count, maximum, allocate, since, when);

    /// <summary>All elements of a fixed array, or the part of it that the span covers; each 8 bytes.</summary>
    public static VmStateField<T> UInt64Array<T>(string name, FieldSpan<T, ulong> elements, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, ulong>(name, ScalarCodecs.UInt64, elements, null, 0, null, since, when);

    /// <summary>As many elements as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> UInt64VarArray<T>(
        string name,
        FieldSpan<T, ulong> elements,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, ulong>(name, ScalarCodecs.UInt64, elements, count, maximum, allocate, since, when);

    /// <summary>All elements of a fixed array, or the part of it that the span covers; each 8 bytes.</summary>
    public static VmStateField<T> Int64Array<T>(string name, FieldSpan<T, long> elements, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, long>(name, ScalarCodecs.Int64, elements, null, 0, null, since, when);

    /// <summary>As many elements as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> Int64VarArray<T>(
        string name,
        FieldSpan<T, long> elements,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, long>(name, ScalarCodecs.Int64, elements, count, maximum, allocate, since, when);

    /// <summary>All elements of a fixed array, or the part of it that the span covers; each 8 bytes, expiry in nanoseconds on the timer's clock; null: not armed.</summary>
    public static VmStateField<T> TimerArray<T>(string name, FieldSpan<T, long?> elements, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, long?>(name, ScalarCodecs.Timer, elements, null, 0, null, since, when);

    /// <summary>As many elements as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> TimerVarArray<T>(
        string name,
        FieldSpan<T, long?> elements,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, long?>(name, ScalarCodecs.Timer, elements, count, maximum, allocate, since, when);

    /// <summary>All elements of a fixed array, or the part of it that the span covers; each 8 bytes, the bit pattern.</summary>
    public static VmStateField<T> DoubleArray<T>(string name, FieldSpan<T, double> elements, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, double>(name, ScalarCodecs.Double, elements, null, 0, null, since, when);

    /// <summary>As many elements as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> DoubleVarArray<T>(
        string name,
        FieldSpan<T, double> elements,
        Func<T, long> count,
        int maximum,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ScalarArrayField<T, double>(name, ScalarCodecs.Double, elements, count, maximum, allocate, since, when);
}
