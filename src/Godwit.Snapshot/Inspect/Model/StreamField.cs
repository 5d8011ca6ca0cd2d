using System.Buffers.Binary;

namespace Godwit.Snapshot;

/// <summary>One decoded field: raw bytes of one or more elements, or nested bodies.</summary>
public sealed class StreamField
{
    /// <summary>The name in the description.</summary>
    public required string Name { get; init; }

    /// <summary>The type in the description.</summary>
    public required string Type { get; init; }

    /// <summary>File offset of the first byte.</summary>
    public required long Offset { get; init; }

    /// <summary>Bytes of all elements, markers and nested subsections included.</summary>
    public long Size { get; internal set; }

    /// <summary>Number of elements of an array that the description gives as one entry; null for a single element.</summary>
    public int? ArrayLength { get; init; }

    /// <summary>Bytes of one element of a leaf.</summary>
    public int ElementSize { get; init; }

    /// <summary>The bytes of a leaf; when <see cref="IsCut"/>, only the first ones.</summary>
    public ReadOnlyMemory<byte> Data { get; internal set; }

    /// <summary>The leaf is too large to be kept whole.</summary>
    public bool IsCut { get; internal set; }

    /// <summary>Bodies of a struct or container: one per element; for a tree with struct keys, key and value in turn.</summary>
    public IReadOnlyList<StreamBody>? Bodies { get; internal set; }

    /// <summary>Integer keys of a tree.</summary>
    public IReadOnlyList<ulong>? Keys { get; internal set; }

    /// <summary>Texts of counted strings.</summary>
    public IReadOnlyList<string>? Texts { get; internal set; }

    /// <summary>How elements are read as numbers; <see cref="ScalarShape.Bytes"/> for bytes.</summary>
    public ScalarShape Shape => ScalarShapes.Of(Type, ElementSize);

    /// <summary>Number of elements in <see cref="Data"/>.</summary>
    public int ElementCount => ArrayLength ?? 1;

    /// <summary>An element as a number, sign extended where the type is signed.</summary>
    /// <param name="index">0-based; inside <see cref="Data"/>.</param>
    public long GetNumber(int index)
    {
        ReadOnlySpan<byte> bytes = Data.Span.Slice(index * ElementSize, ElementSize);
        bool signed = Shape == ScalarShape.SignedNumber;
        return ElementSize switch
        {
            1 => signed ? unchecked((sbyte)bytes[0]) : bytes[0],
            2 => signed ? BinaryPrimitives.ReadInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes),
            4 => signed ? BinaryPrimitives.ReadInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes),
            _ => BinaryPrimitives.ReadInt64BigEndian(bytes),
        };
    }
}
