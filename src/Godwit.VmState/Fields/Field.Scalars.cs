using System.Diagnostics.CodeAnalysis;

namespace Godwit.VmState;

/// <summary>Makes the fields of descriptions, one method per kind (docs/formats/vmstate.md, "Encodings").</summary>
/// <remarks>
/// <c>since</c> is the lowest version of the description in which a field is present; <c>when</c>, if given, decides alone,
/// from the object and the version. Names appear in the JSON description only.
/// </remarks>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The methods are named after the types on the wire.")]
public static partial class Field
{
    /// <summary>Bool: 1 byte; any non-zero value is read as true.</summary>
    public static VmStateField<T> Bool<T>(string name, FieldRef<T, bool> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, bool>(name, ScalarCodecs.Bool, field, since, when);

    /// <summary>Bool by accessors: 1 byte; any non-zero value is read as true.</summary>
    public static VmStateField<T> Bool<T>(string name, Func<T, bool> get, Action<T, bool> set, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, bool>(name, ScalarCodecs.Bool, get, set, since, when);

    /// <summary>UInt8: 1 byte.</summary>
    public static VmStateField<T> UInt8<T>(string name, FieldRef<T, byte> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, byte>(name, ScalarCodecs.UInt8, field, since, when);

    /// <summary>UInt8 by accessors: 1 byte.</summary>
    public static VmStateField<T> UInt8<T>(string name, Func<T, byte> get, Action<T, byte> set, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, byte>(name, ScalarCodecs.UInt8, get, set, since, when);

    /// <summary>Int8: 1 byte.</summary>
    public static VmStateField<T> Int8<T>(string name, FieldRef<T, sbyte> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, sbyte>(name, ScalarCodecs.Int8, field, since, when);

    /// <summary>Int8 by accessors: 1 byte.</summary>
    public static VmStateField<T> Int8<T>(string name, Func<T, sbyte> get, Action<T, sbyte> set, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, sbyte>(name, ScalarCodecs.Int8, get, set, since, when);

    /// <summary>UInt16: 2 bytes.</summary>
    public static VmStateField<T> UInt16<T>(string name, FieldRef<T, ushort> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, ushort>(name, ScalarCodecs.UInt16, field, since, when);

    /// <summary>UInt16 by accessors: 2 bytes.</summary>
    public static VmStateField<T> UInt16<T>(string name, Func<T, ushort> get, Action<T, ushort> set, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, ushort>(name, ScalarCodecs.UInt16, get, set, since, when);

    /// <summary>Int16: 2 bytes.</summary>
    public static VmStateField<T> Int16<T>(string name, FieldRef<T, short> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, short>(name, ScalarCodecs.Int16, field, since, when);

    /// <summary>Int16 by accessors: 2 bytes.</summary>
    public static VmStateField<T> Int16<T>(string name, Func<T, short> get, Action<T, short> set, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, short>(name, ScalarCodecs.Int16, get, set, since, when);

    /// <summary>UInt32: 4 bytes.</summary>
    public static VmStateField<T> UInt32<T>(string name, FieldRef<T, uint> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, uint>(name, ScalarCodecs.UInt32, field, since, when);

    /// <summary>UInt32 by accessors: 4 bytes.</summary>
    public static VmStateField<T> UInt32<T>(string name, Func<T, uint> get, Action<T, uint> set, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, uint>(name, ScalarCodecs.UInt32, get, set, since, when);

    /// <summary>Int32: 4 bytes.</summary>
    public static VmStateField<T> Int32<T>(string name, FieldRef<T, int> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, int>(name, ScalarCodecs.Int32, field, since, when);

    /// <summary>Int32 by accessors: 4 bytes.</summary>
    public static VmStateField<T> Int32<T>(string name, Func<T, int> get, Action<T, int> set, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, int>(name, ScalarCodecs.Int32, get, set, since, when);

    /// <summary>UInt64: 8 bytes.</summary>
    public static VmStateField<T> UInt64<T>(string name, FieldRef<T, ulong> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, ulong>(name, ScalarCodecs.UInt64, field, since, when);

    /// <summary>UInt64 by accessors: 8 bytes.</summary>
    public static VmStateField<T> UInt64<T>(string name, Func<T, ulong> get, Action<T, ulong> set, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, ulong>(name, ScalarCodecs.UInt64, get, set, since, when);

    /// <summary>Int64: 8 bytes.</summary>
    public static VmStateField<T> Int64<T>(string name, FieldRef<T, long> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, long>(name, ScalarCodecs.Int64, field, since, when);

    /// <summary>Int64 by accessors: 8 bytes.</summary>
    public static VmStateField<T> Int64<T>(string name, Func<T, long> get, Action<T, long> set, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, long>(name, ScalarCodecs.Int64, get, set, since, when);

    /// <summary>Timer: 8 bytes, expiry in nanoseconds on the timer's clock; null: not armed.</summary>
    public static VmStateField<T> Timer<T>(string name, FieldRef<T, long?> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, long?>(name, ScalarCodecs.Timer, field, since, when);

    /// <summary>Timer by accessors: 8 bytes, expiry in nanoseconds on the timer's clock; null: not armed.</summary>
    public static VmStateField<T> Timer<T>(string name, Func<T, long?> get, Action<T, long?> set, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, long?>(name, ScalarCodecs.Timer, get, set, since, when);

    /// <summary>Double: 8 bytes, the bit pattern.</summary>
    public static VmStateField<T> Double<T>(string name, FieldRef<T, double> field, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, double>(name, ScalarCodecs.Double, field, since, when);

    /// <summary>Double by accessors: 8 bytes, the bit pattern.</summary>
    public static VmStateField<T> Double<T>(string name, Func<T, double> get, Action<T, double> set, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new ScalarField<T, double>(name, ScalarCodecs.Double, get, set, since, when);
}
