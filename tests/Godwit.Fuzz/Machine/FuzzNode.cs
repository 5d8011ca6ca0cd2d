using System.Globalization;
using System.Text;
using Godwit.VmState;

namespace Godwit.Fuzz;

/// <summary>A nested object: a number, a kind that is there since version 2, and an extra that is there when the sender needs it.</summary>
internal sealed class FuzzNode
{
    public uint Value;
    public byte Kind;
    public ushort Extra;

    public static VmStateDescription<FuzzNode> Description { get; } = new("node", version: 2, minimumVersion: 1)
    {
        Fields =
        [
            Field.UInt32("value", (FuzzNode node) => ref node.Value),
            Field.UInt8("kind", (FuzzNode node) => ref node.Kind, since: 2),
        ],
        Subsections =
        [
            new VmStateDescription<FuzzNode>("node/extra", version: 1, minimumVersion: 1)
            {
                Needed = static node => node.Extra != 0,
                Fields = [Field.UInt16("extra", (FuzzNode node) => ref node.Extra)],
            },
        ],
    };

    public static FuzzNode Random(FuzzRandom random, bool hasExtra = true) => new()
    {
        Value = random.NextUInt32(),
        Kind = (byte)random.Next(8),
        Extra = hasExtra && random.OneIn(3) ? (ushort)5 : (ushort)0,
    };

    public void AppendTo(StringBuilder text) => text.Append(CultureInfo.InvariantCulture, $"({Value:x} {Kind:x} {Extra:x})");
}
