using System.Globalization;
using System.Text;

namespace Godwit.Memory;

/// <summary>The RAM list as a table, laid out as QEMU prints it (<c>info ramblock</c>).</summary>
public static class RamBlockPrinter
{
    /// <summary>One line per block in list order, under a heading.</summary>
    public static string Print(RamList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"Block Name",24} {"PSize",8}  {"Offset",18} {"Used",18} {"Total",18} {"HVA",18} {"RO",3}\n");
        foreach (var block in list.Blocks)
        {
            text.Append(CultureInfo.InvariantCulture, $"{block.IdString,24} {Size(block.PageSizeBytes),8}  ");
            text.Append(CultureInfo.InvariantCulture, $"0x{block.Offset.Value:x16} 0x{block.UsedLengthBytes:x16} 0x{block.MaxLengthBytes:x16} 0x{block.HostAddress:x16}");
            text.Append(CultureInfo.InvariantCulture, $" {(block.Region.IsReadOnly ? "ro" : "rw"),3}\n");
        }
        return text.ToString();
    }

    private static string Size(uint bytes) => bytes switch
    {
        >= 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 30} GiB"),
        >= 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 10} KiB"),
    };
}
