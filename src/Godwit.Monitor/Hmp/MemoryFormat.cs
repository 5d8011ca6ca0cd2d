using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Godwit.Memory;

namespace Godwit.Monitor;

/// <summary>How <c>xp</c> prints memory.</summary>
/// <param name="Count">Number of values.</param>
/// <param name="Letter">x, d, u, o or c.</param>
/// <param name="SizeBytes">1, 2, 4 or 8.</param>
internal sealed record MemoryFormat(int Count, char Letter, int SizeBytes)
{
    /// <summary>More values than this are not printed in one go.</summary>
    public const int MaximumCount = 1 << 20;

    public static MemoryFormat Default { get; } = new(1, 'x', 4);

    /// <summary>Prints memory from an address on; stops where there is none.</summary>
    public void Print(AddressSpace space, ulong address, HumanOutput output)
    {
        int lineBytes = SizeBytes == 1 && Letter != 'c' ? 8 : 16;
        Span<byte> bytes = stackalloc byte[16];
        for (long left = (long)Count * SizeBytes; left > 0; left -= lineBytes)
        {
            Span<byte> line = bytes[..(int)Math.Min(left, lineBytes)];
            if (!PhysicalMemory.TryRead(space, address, line))
            {
                output.Line($"{address:x16}: Cannot access memory");
                return;
            }

            var text = new StringBuilder(address.ToString("x16", CultureInfo.InvariantCulture)).Append(':');
            for (int at = 0; at < line.Length; at += SizeBytes)
                text.Append(' ').Append(Value(line[at..]));
            output.Line(text.ToString());
            address = unchecked(address + (ulong)lineBytes);
        }
    }

    private string Value(ReadOnlySpan<byte> bytes)
    {
        ulong value = SizeBytes switch
        {
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        };
        return Letter switch
        {
            'c' => Character((char)value),
            'o' => ((value == 0 ? "" : "0") + Convert.ToString(unchecked((long)value), 8)).PadLeft(((SizeBytes * 8) + 2) / 3),
            'd' => unchecked((long)value).ToString(CultureInfo.InvariantCulture).PadLeft(DecimalWidth),
            'u' => value.ToString(CultureInfo.InvariantCulture).PadLeft(DecimalWidth),
            _ => "0x" + value.ToString("x" + (SizeBytes * 2).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
        };
    }

    private int DecimalWidth => SizeBytes switch
    {
        1 => 3,
        2 => 5,
        4 => 10,
        _ => 20,
    };

    private static string Character(char value) => value switch
    {
        '\'' => "'\\''",
        '\\' => "'\\\\'",
        '\n' => "'\\n'",
        '\r' => "'\\r'",
        >= ' ' and < (char)0x7f => $"'{value}'",
        _ => $"'\\x{(int)value:x2}'",
    };
}
