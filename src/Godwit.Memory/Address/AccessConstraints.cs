namespace Godwit.Memory;

/// <summary>Which accesses a device's registers answer to, and which of those its operations implement.</summary>
/// <remarks>
/// An access outside the first group is a decode error. One inside it that is smaller or larger than what is implemented is carried
/// out as one or more implemented accesses, put together in the device's byte order.
/// </remarks>
public sealed record AccessConstraints
{
    /// <summary>Sizes 1 to 4, aligned, each implemented as it is.</summary>
    public static AccessConstraints Default { get; } = new();

    /// <summary>Smallest access that is answered, in bytes; default 1.</summary>
    public int MinimumSizeBytes { get; init; } = 1;

    /// <summary>Largest access that is answered, in bytes; default 4.</summary>
    public int MaximumSizeBytes { get; init; } = 4;

    /// <summary>Whether accesses off their natural alignment are answered; default false.</summary>
    public bool AllowsUnaligned { get; init; }

    /// <summary>Smallest access that the operations implement, in bytes; default 1.</summary>
    public int ImplementedMinimumSizeBytes { get; init; } = 1;

    /// <summary>Largest access that the operations implement, in bytes; default 8.</summary>
    public int ImplementedMaximumSizeBytes { get; init; } = 8;

    /// <summary>Whether the device's registers are big-endian; default false.</summary>
    public bool IsBigEndian { get; init; }

    /// <summary>Whether an access of this size at this offset is answered.</summary>
    public bool Accepts(ulong offset, int sizeBytes)
        => sizeBytes >= MinimumSizeBytes && sizeBytes <= MaximumSizeBytes
            && (AllowsUnaligned || (offset & ((ulong)sizeBytes - 1)) == 0);

    internal void Validate()
    {
        Check(MinimumSizeBytes, nameof(MinimumSizeBytes));
        Check(MaximumSizeBytes, nameof(MaximumSizeBytes));
        Check(ImplementedMinimumSizeBytes, nameof(ImplementedMinimumSizeBytes));
        Check(ImplementedMaximumSizeBytes, nameof(ImplementedMaximumSizeBytes));
        if (MinimumSizeBytes > MaximumSizeBytes || ImplementedMinimumSizeBytes > ImplementedMaximumSizeBytes)
            throw new InvalidOperationException("The smallest access of a device is larger than the largest.");

        static void Check(int size, string name)
        {
            if (size is not (1 or 2 or 4 or 8))
                throw new ArgumentOutOfRangeException(name, size, "An access has 1, 2, 4 or 8 bytes.");
        }
    }
}
