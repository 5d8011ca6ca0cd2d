using System.Globalization;
using Godwit.VmState;

namespace Godwit.Fuzz;

/// <summary>A key of a tree that is a struct.</summary>
internal sealed class FuzzKey
{
    public uint Low;
    public byte High;

    public static VmStateDescription<FuzzKey> Description { get; } = new("key", version: 1, minimumVersion: 1)
    {
        Fields =
        [
            Field.UInt32("low", (FuzzKey key) => ref key.Low),
            Field.UInt8("high", (FuzzKey key) => ref key.High),
        ],
    };

    public static IComparer<FuzzKey> Order { get; } = Comparer<FuzzKey>.Create(static (left, right) => (left.High, left.Low).CompareTo((right.High, right.Low)));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x}:{Low:x}");
}
