using System.Numerics;
using System.Runtime.CompilerServices;
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

        return EncodeRuns(oldPage, newPage, output[..XbzrleFormat.PageBytes]);
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

    /// <summary>One bit per byte of 64 bytes, set where they differ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ChangedBits(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        if (Vector512.IsHardwareAccelerated)
            return ~Vector512.Equals(Vector512.Create(before), Vector512.Create(after)).ExtractMostSignificantBits();
        ulong low = Vector256.Equals(Vector256.Create(before), Vector256.Create(after)).ExtractMostSignificantBits();
        ulong high = Vector256.Equals(Vector256.Create(before[32..]), Vector256.Create(after[32..])).ExtractMostSignificantBits();
        return ~(low | (high << 32));
    }

    /// <summary>
    /// The runs fall out of bit counts: a set bit of <c>edges</c> is the first byte of a run, of a changed one and of an equal one in turn.
    /// </summary>
    /// <remarks>
    /// A test for room that fails in the middle of the page need not be made there: what follows is at least one more changed byte, which
    /// cannot be written then. Only the test before a last equal run, of which nothing is written, decides by itself.
    /// </remarks>
    private static int EncodeRuns(ReadOnlySpan<byte> oldPage, ReadOnlySpan<byte> newPage, Span<byte> output)
    {
        int written = 0;
        int runStart = 0;
        int runEnd = 0;
        ulong carry = 0;
        for (int word = 0; word < Words; word++)
        {
            ulong changed = ChangedBits(oldPage.Slice(word * 64, 64), newPage.Slice(word * 64, 64));
            ulong edges = changed ^ ((changed << 1) | carry);
            bool isInside = carry != 0;
            carry = changed >> 63;
            while (edges != 0)
            {
                if (!isInside)
                {
                    runStart = (word << 6) + BitOperations.TrailingZeroCount(edges);
                    edges &= edges - 1;
                    if (edges == 0)
                        break;
                }

                int end = (word << 6) + BitOperations.TrailingZeroCount(edges);
                edges &= edges - 1;
                isInside = false;
                written = WritePair(newPage, output, written, runStart - runEnd, runStart, end - runStart);
                if (written < 0)
                    return XbzrleFormat.Overflow;
                runEnd = end;
            }
        }

        if (carry != 0)
        {
            written = WritePair(newPage, output, written, runStart - runEnd, runStart, XbzrleFormat.PageBytes - runStart);
            return written < 0 ? XbzrleFormat.Overflow : written;
        }

        if (runEnd == 0)
            return XbzrleFormat.Unchanged;
        return written + 2 > output.Length ? XbzrleFormat.Overflow : written;
    }

    /// <summary>Writes an equal run's length, a changed run's length and its bytes; returns the new end of the output, or -1 if there is no room.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WritePair(ReadOnlySpan<byte> page, Span<byte> output, int written, int equal, int start, int changed)
    {
        // Most runs are short: one vector store costs less than a call, and what it writes too much is overwritten or ignored.
        if ((equal < 0x80) & (changed <= Vector256<byte>.Count) & (start <= XbzrleFormat.PageBytes - Vector256<byte>.Count)
            & (written <= XbzrleFormat.PageBytes - 2 - Vector256<byte>.Count))
        {
            output[written] = (byte)equal;
            output[written + 1] = (byte)changed;
            Vector256.Create(page[start..]).CopyTo(output[(written + 2)..]);
            return written + 2 + changed;
        }

        return WriteLongPair(page.Slice(start, changed), output, written, equal);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int WriteLongPair(ReadOnlySpan<byte> bytes, Span<byte> output, int written, int equal)
    {
        int lengths = (equal < 0x80 ? 1 : 2) + (bytes.Length < 0x80 ? 1 : 2);
        if (written + lengths + bytes.Length > output.Length)
            return -1;
        written += WriteLength(output[written..], equal);
        written += WriteLength(output[written..], bytes.Length);
        bytes.CopyTo(output[written..]);
        return written + bytes.Length;
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
