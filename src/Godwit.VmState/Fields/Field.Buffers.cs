using Godwit.Wire;

namespace Godwit.VmState;

/// <content>Buffers, bitmaps, placeholders and a device family's own kinds.</content>
public static partial class Field
{
    /// <summary>Raw bytes: all of a fixed buffer, or the part of it that the span covers.</summary>
    public static VmStateField<T> Buffer<T>(string name, FieldSpan<T, byte> bytes, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new BufferField<T>(name, bytes, null, 0, null, since, when);

    /// <summary>As many raw bytes as another member says; <paramref name="allocate"/>, if given, makes room on load.</summary>
    public static VmStateField<T> VBuffer<T>(
        string name,
        FieldSpan<T, byte> bytes,
        Func<T, long> lengthBytes,
        int maximumBytes,
        Action<T, int>? allocate = null,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new BufferField<T>(name, bytes, lengthBytes, maximumBytes, allocate, since, when);

    /// <summary>Zero bytes in the place of a removed field.</summary>
    public static VmStateField<T> Unused<T>(int lengthBytes, uint since = 0, Func<T, uint, bool>? when = null)
        where T : class => new UnusedField<T>("unused", lengthBytes, since, when);

    /// <summary>Words of 64 bits, as many as the bit count asks for.</summary>
    public static VmStateField<T> Bitmap<T>(
        string name,
        FieldSpan<T, ulong> words,
        Func<T, long> bitCount,
        int maximumBits,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new BitmapField<T>(name, words, bitCount, maximumBits, since, when);

    /// <summary>Bytes with a 4-byte length in front (11.1).</summary>
    public static VmStateField<T> ByteArray<T>(
        string name,
        FieldRef<T, byte[]> bytes,
        int maximumBytes,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new ByteArrayField<T>(name, bytes, maximumBytes, since, when);

    /// <summary>A check without data: fails the load, or the save, when the predicate is false.</summary>
    public static VmStateField<T> Validate<T>(string name, Func<T, uint, bool> holds)
        where T : class => new ValidationField<T>(name, holds);

    /// <summary>A device family's own kind; <paramref name="wireType"/> is its type in the JSON description.</summary>
    public static VmStateField<T> Custom<T>(
        string name,
        string wireType,
        Action<T, MigrationWriter> save,
        Action<T, MigrationReader> load,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new CustomField<T>(
            name, wireType, (owner, _, writer) => save(owner, writer), (owner, _, reader) => load(owner, reader), null, 0, since, when);

    /// <summary>An array of a device family's own kind.</summary>
    public static VmStateField<T> CustomArray<T>(
        string name,
        string wireType,
        Action<T, int, MigrationWriter> save,
        Action<T, int, MigrationReader> load,
        Func<T, long> count,
        int maximum,
        uint since = 0,
        Func<T, uint, bool>? when = null)
        where T : class => new CustomField<T>(name, wireType, save, load, count, maximum, since, when);
}
