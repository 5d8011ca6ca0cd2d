namespace Godwit.Migration;

/// <summary>Applies an XBZRLE encoding to the page that it was made against (docs/formats/ram.md, "XBZRLE").</summary>
public static class XbzrleDecoder
{
    /// <summary>Decodes <paramref name="data"/> onto <paramref name="page"/>.</summary>
    /// <param name="data">The encoding; any bytes are safe.</param>
    /// <param name="page">The older version of the page, changed in place; partly changed if the encoding is refused.</param>
    /// <param name="failedAt">Index in <paramref name="data"/> of the run that was refused.</param>
    public static XbzrleDecodeStatus Decode(ReadOnlySpan<byte> data, Span<byte> page, out int failedAt)
    {
        int read = 0;
        int position = 0;
        failedAt = 0;
        while (read < data.Length)
        {
            failedAt = read;
            XbzrleDecodeStatus status = ReadLength(data, ref read, out int equal);
            if (status != XbzrleDecodeStatus.Ok)
                return status;
            if (equal == 0 && failedAt != 0)
                return XbzrleDecodeStatus.EmptyEqualRun;
            if (equal > page.Length - position)
                return XbzrleDecodeStatus.BeyondPage;
            position += equal;

            failedAt = read;
            status = ReadLength(data, ref read, out int changed);
            if (status != XbzrleDecodeStatus.Ok)
                return status;
            if (changed == 0)
                return XbzrleDecodeStatus.EmptyNewRun;
            if (changed > data.Length - read)
                return XbzrleDecodeStatus.BeyondData;
            if (changed > page.Length - position)
                return XbzrleDecodeStatus.BeyondPage;
            data.Slice(read, changed).CopyTo(page[position..]);
            read += changed;
            position += changed;
        }

        return XbzrleDecodeStatus.Ok;
    }

    private static XbzrleDecodeStatus ReadLength(ReadOnlySpan<byte> data, ref int read, out int length)
    {
        length = 0;
        // Even a one-byte length needs a second byte behind it: a run of new bytes is never empty.
        if (data.Length - read < 2)
            return XbzrleDecodeStatus.Truncated;
        int first = data[read++];
        if (first < 0x80)
        {
            length = first;
            return XbzrleDecodeStatus.Ok;
        }

        int second = data[read++];
        if (second >= 0x80)
            return XbzrleDecodeStatus.LengthTooLong;
        length = (first & 0x7f) | (second << 7);
        return XbzrleDecodeStatus.Ok;
    }
}
