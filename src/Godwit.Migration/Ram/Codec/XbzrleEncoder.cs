using System.Numerics;
using System.Runtime.Intrinsics;

namespace Godwit.Migration;

/// <summary>
/// Encodes a page as its difference to an older version: pairs of an equal run and a run of new bytes
/// (docs/formats/ram.md, "XBZRLE").
/// </summary>
/// <remarks>Both pages must be private copies: a page that a guest writes to meanwhile would be encoded torn.</remarks>
public static class XbzrleEncoder
{
    private const int Words = XbzrleFormat.PageBytes / 64;

    /// <summary>Encodes <paramref name="newPage"/> against <paramref name="oldPage"/>.</summary>
    /// <param name="oldPage">What the peer holds; one page.</param>
    /// <param name="newPage">What it shall hold; one page.</param>
    /// <param name="output">At least one page of room; bytes behind the returned length are undefined.</param>
    /// <returns>The encoded length in bytes, <see cref="XbzrleFormat.Unchanged"/> or <see cref="XbzrleFormat.Overflow"/>.</returns>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public static int Encode(ReadOnlySpan<byte> oldPage, ReadOnlySpan<byte> newPage, Span<byte> output)
    {
        CheckSpans(oldPage, newPage, output);
        if (!Vector128.IsHardwareAccelerated)
            return EncodeScalar(oldPage, newPage, output);

        // One bit per byte of the page: the runs then fall out of bit counts.
        Span<ulong> changed = stackalloc ulong[Words];
        if (!FillChangeMap(oldPage, newPage, changed))
            return XbzrleFormat.Unchanged;
        return EncodeRuns(changed, newPage, output[..XbzrleFormat.PageBytes]);
    }

    /// <summary>The same encoding, byte by byte: the reference that tests hold <see cref="Encode"/> against.</summary>
    /// <inheritdoc cref="Encode"/>
    public static int EncodeScalar(ReadOnlySpan<byte> oldPage, ReadOnlySpan<byte> newPage, Span<byte> output)
    {
        CheckSpans(oldPage, newPage, output);
        output = output[..XbzrleFormat.PageBytes];
        int position = 0;
        int written = 0;
        while (position < XbzrleFormat.PageBytes)
        {
            // The room is tested before the run is looked at, even if all that remains is equal: peers do the same.
            if (written + 2 > output.Length)
                return XbzrleFormat.Overflow;
            int start = position;
            while (position < XbzrleFormat.PageBytes && oldPage[position] == newPage[position])
                position++;
            if (position == XbzrleFormat.PageBytes)
                return start == 0 ? XbzrleFormat.Unchanged : written;
            written += WriteLength(output[written..], position - start);
            if (written + 2 > output.Length)
                return XbzrleFormat.Overflow;
            start = position;
            while (position < XbzrleFormat.PageBytes && oldPage[position] != newPage[position])
                position++;
            written += WriteLength(output[written..], position - start);
            if (written + position - start > output.Length)
                return XbzrleFormat.Overflow;
            newPage[start..position].CopyTo(output[written..]);
            written += position - start;
        }

        return written;
    }

    private static void CheckSpans(ReadOnlySpan<byte> oldPage, ReadOnlySpan<byte> newPage, Span<byte> output)
    {
        if (oldPage.Length != XbzrleFormat.PageBytes)
            throw new ArgumentException("The old page is not one page long.", nameof(oldPage));
        if (newPage.Length != XbzrleFormat.PageBytes)
            throw new ArgumentException("The new page is not one page long.", nameof(newPage));
        if (output.Length < XbzrleFormat.PageBytes)
            throw new ArgumentException("The output has no room for one page.", nameof(output));
    }

    /// <summary>Sets one bit per differing byte; false if there is none.</summary>
    private static bool FillChangeMap(ReadOnlySpan<byte> oldPage, ReadOnlySpan<byte> newPage, Span<ulong> changed)
    {
        ulong any = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (int word = 0; word < Words; word++)
            {
                Vector512<byte> before = Vector512.Create(oldPage.Slice(word * 64, 64));
                Vector512<byte> after = Vector512.Create(newPage.Slice(word * 64, 64));
                ulong bits = ~Vector512.Equals(before, after).ExtractMostSignificantBits();
                changed[word] = bits;
                any |= bits;
            }

            return any != 0;
        }

        for (int word = 0; word < Words; word++)
        {
            ReadOnlySpan<byte> before = oldPage.Slice(word * 64, 64);
            ReadOnlySpan<byte> after = newPage.Slice(word * 64, 64);
            ulong low = Vector256.Equals(Vector256.Create(before[..32]), Vector256.Create(after[..32])).ExtractMostSignificantBits();
            ulong high = Vector256.Equals(Vector256.Create(before[32..]), Vector256.Create(after[32..])).ExtractMostSignificantBits();
            ulong bits = ~(low | (high << 32));
            changed[word] = bits;
            any |= bits;
        }

        return any != 0;
    }

    private static int EncodeRuns(ReadOnlySpan<ulong> changed, ReadOnlySpan<byte> newPage, Span<byte> output)
    {
        int written = 0;
        int runStart = 0;
        bool isChanged = false;
        ulong carry = 0;
        for (int word = 0; word < changed.Length; word++)
        {
            // A set bit here is the first byte of a run: of a changed one and of an equal one in turn.
            ulong edges = changed[word] ^ ((changed[word] << 1) | carry);
            carry = changed[word] >> 63;
            for (; edges != 0; edges &= edges - 1)
            {
                int position = (word << 6) + BitOperations.TrailingZeroCount(edges);
                if (written + 2 > output.Length)
                    return XbzrleFormat.Overflow;
                int count = position - runStart;
                written += WriteLength(output[written..], count);
                if (isChanged)
                {
                    if (written + count > output.Length)
                        return XbzrleFormat.Overflow;
                    CopyRun(newPage[runStart..], output[written..], count);
                    written += count;
                }

                isChanged = !isChanged;
                runStart = position;
            }
        }

        // The room is tested even if all that remains is equal, and nothing is written for it.
        if (written + 2 > output.Length)
            return XbzrleFormat.Overflow;
        return isChanged ? EncodeLastRun(newPage[runStart..], output, written) : written;
    }

    private static int EncodeLastRun(ReadOnlySpan<byte> bytes, Span<byte> output, int written)
    {
        written += WriteLength(output[written..], bytes.Length);
        if (written + bytes.Length > output.Length)
            return XbzrleFormat.Overflow;
        bytes.CopyTo(output[written..]);
        return written + bytes.Length;
    }

    private static void CopyRun(ReadOnlySpan<byte> from, Span<byte> to, int count)
    {
        // Most runs are short: one vector store costs less than a call, and what it writes too much is overwritten or ignored.
        if (count <= Vector256<byte>.Count && from.Length >= Vector256<byte>.Count && to.Length >= Vector256<byte>.Count)
            Vector256.Create(from).CopyTo(to);
        else
            from[..count].CopyTo(to);
    }

    /// <summary>Writes a length below 16384 in one or two bytes, low seven bits first.</summary>
    private static int WriteLength(Span<byte> output, int length)
    {
        if (length < 0x80)
        {
            output[0] = (byte)length;
            return 1;
        }

        output[0] = (byte)(length | 0x80);
        output[1] = (byte)(length >> 7);
        return 2;
    }
}
