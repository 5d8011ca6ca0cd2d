using System.Globalization;
using System.Text;

namespace Godwit.Snapshot;

/// <summary>Field values as text.</summary>
internal static class FieldValues
{
    /// <summary>Bytes shown of a buffer unless the whole is asked for.</summary>
    private const int ShownBytes = 64;

    /// <summary>Numbers shown of an array in one line of text.</summary>
    private const int ShownNumbers = 16;

    /// <summary>The bytes in hexadecimal.</summary>
    public static string Hex(StreamField field, bool full)
    {
        ReadOnlySpan<byte> data = field.Data.Span;
        return Convert.ToHexStringLower(full ? data : data[..Math.Min(data.Length, ShownBytes)]);
    }

    /// <summary>A value for a line of text.</summary>
    public static string Text(StreamField field, bool full)
    {
        if (field.Texts is { } texts)
            return string.Join(", ", texts);
        if (field.Shape == ScalarShape.Bytes || field.IsCut)
            return Hex(field, full) + (field.Size > ShownBytes && !full ? "…" : "");
        var text = new StringBuilder();
        int shown = full ? field.ElementCount : Math.Min(field.ElementCount, ShownNumbers);
        for (int i = 0; i < shown; i++)
        {
            long number = field.GetNumber(i);
            text.Append(i == 0 ? "" : " ");
            if (field.Shape == ScalarShape.UnsignedNumber)
                text.Append(CultureInfo.InvariantCulture, $"{unchecked((ulong)number)}");
            else
                text.Append(CultureInfo.InvariantCulture, $"{number}");
        }

        return text.Append(shown < field.ElementCount ? " …" : "").ToString();
    }
}
