using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>Reading of numbers from JSON nodes, whatever type of number they were made from.</summary>
public static class QmpJsonNodeExtensions
{
    /// <summary>The value of a node that is an integer (written without fraction and exponent).</summary>
    /// <param name="node">Any node; null is JSON <c>null</c>.</param>
    /// <param name="value">The integer.</param>
    /// <returns>False for everything else, doubles without a fraction included.</returns>
    public static bool TryGetInteger(this JsonNode? node, out Int128 value)
    {
        value = 0;
        if (node is not JsonValue scalar || scalar.GetValueKind() != JsonValueKind.Number)
            return false;
        if (scalar.TryGetValue(out long i64))
            value = i64;
        else if (scalar.TryGetValue(out ulong u64))
            value = u64;
        else if (scalar.TryGetValue(out int i32))
            value = i32;
        else if (scalar.TryGetValue(out uint u32))
            value = u32;
        else if (scalar.TryGetValue(out short i16))
            value = i16;
        else if (scalar.TryGetValue(out ushort u16))
            value = u16;
        else if (scalar.TryGetValue(out byte u8))
            value = u8;
        else if (scalar.TryGetValue(out sbyte i8))
            value = i8;
        else
            return false;
        return true;
    }
}
