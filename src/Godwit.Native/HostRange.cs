using System.Runtime.InteropServices;
using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>A run of host memory: the one form in which memory outside the managed heap is passed between the floors without copying.</summary>
/// <remarks>
/// The layout is that of C's <c>struct iovec</c>, so an array of ranges is what <c>writev</c> takes.
/// A range does not keep its memory alive: whoever passes one keeps the mapping or the pinned array behind it until the call
/// that uses it (for a queued write: the flush) has returned.
/// </remarks>
/// <param name="Address">First byte.</param>
/// <param name="LengthBytes">Length in bytes, not negative.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct HostRange(nint Address, long LengthBytes)
{
    /// <summary>The part that starts <paramref name="offset"/> bytes in and is <paramref name="lengthBytes"/> long.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside this range.</exception>
    public HostRange Slice(long offset, long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)offset, (ulong)LengthBytes, nameof(offset));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)lengthBytes, (ulong)(LengthBytes - offset), nameof(lengthBytes));
        return new HostRange(Address + (nint)offset, lengthBytes);
    }

    /// <summary>The part from <paramref name="offset"/> to the end.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="offset"/> is not inside this range.</exception>
    public HostRange Slice(long offset) => Slice(offset, LengthBytes - offset);

    /// <summary>The memory as a span.</summary>
    /// <remarks>Only for memory whose pages are known to be present: a managed access to a page that userfaultfd has to fill can hang.</remarks>
    /// <exception cref="InvalidOperationException">The range is longer than a span can be.</exception>
    public unsafe Span<byte> AsSpan()
    {
        if ((ulong)LengthBytes > int.MaxValue)
            throw new InvalidOperationException("The range is longer than a span can be.");
        // SAFETY: the caller keeps the memory alive, as the type's remarks demand.
        return new Span<byte>((void*)Address, (int)LengthBytes);
    }

    /// <summary>Copies the whole range by a native call, so that a missing page is waited for outside managed code.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than the range.</exception>
    public unsafe void CopyTo(Span<byte> destination)
    {
        if (destination.Length < LengthBytes)
            throw new ArgumentException("The destination is shorter than the range.", nameof(destination));
        // SAFETY: the length was checked against the destination; the caller keeps the source alive.
        fixed (byte* to = destination)
            StringHeader.memcpy(to, (void*)Address, (nuint)LengthBytes);
    }

    /// <summary>Fills the start of the range from <paramref name="source"/> by a native call.</summary>
    /// <exception cref="ArgumentException"><paramref name="source"/> is longer than the range.</exception>
    public unsafe void CopyFrom(ReadOnlySpan<byte> source)
    {
        if (source.Length > LengthBytes)
            throw new ArgumentException("The source is longer than the range.", nameof(source));
        // SAFETY: the length was checked against the range; the caller keeps the destination alive.
        fixed (byte* from = source)
            StringHeader.memcpy((void*)Address, from, (nuint)source.Length);
    }

    /// <summary>Whether both ranges have the same length and bytes; compared by a native call.</summary>
    public unsafe bool ContentEquals(HostRange other)
        // SAFETY: both lengths are equal; the caller keeps both memories alive.
        => LengthBytes == other.LengthBytes && StringHeader.memcmp((void*)Address, (void*)other.Address, (nuint)LengthBytes) == 0;
}
