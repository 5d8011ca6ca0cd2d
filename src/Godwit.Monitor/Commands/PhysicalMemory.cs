using System.Buffers;
using Godwit.Memory;
using Godwit.Native;
using Godwit.Qmp;

namespace Godwit.Monitor;

/// <summary>Guest physical memory for the monitors.</summary>
internal static class PhysicalMemory
{
    private const int ChunkBytes = 1 << 20;
    private const int PageBytes = 4096;

    /// <summary>Writes a range to a file; what cannot be read is written as zeros.</summary>
    /// <exception cref="QmpException">The file cannot be opened or written.</exception>
    public static void Save(AddressSpace space, ulong address, ulong sizeBytes, string path)
    {
        FileDescriptor file;
        try
        {
            file = FileDescriptor.OpenWrite(path);
        }
        catch (ErrnoException e)
        {
            throw new QmpException($"Could not open '{path}': {ErrnoException.Describe(e.Errno)}");
        }

        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            using (file)
                Copy(space, address, sizeBytes, file, chunk);
        }
        catch (ErrnoException e)
        {
            throw new QmpException($"Could not write '{path}': {ErrnoException.Describe(e.Errno)}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    /// <summary>Reads a range; false when a part of it is no memory.</summary>
    public static bool TryRead(AddressSpace space, ulong address, Span<byte> destination) =>
        destination.IsEmpty || (address <= ulong.MaxValue - (ulong)(destination.Length - 1)
            && space.Read(new GuestAddress(address), destination) == MemoryTransactionResult.Ok);

    private static void Copy(AddressSpace space, ulong address, ulong sizeBytes, FileDescriptor file, byte[] chunk)
    {
        file.SetLength(0);
        for (ulong done = 0; done < sizeBytes;)
        {
            int count = (int)Math.Min(sizeBytes - done, ChunkBytes);
            Span<byte> part = chunk.AsSpan(0, count);
            if (!TryRead(space, unchecked(address + done), part))
                ReadByPages(space, unchecked(address + done), part);
            for (Span<byte> rest = part; !rest.IsEmpty;)
            {
                long written = file.Write(rest);
                if (written < 0)
                    throw new ErrnoException("write", (int)-written);
                rest = rest[(int)written..];
            }

            done += (ulong)count;
        }
    }

    private static void ReadByPages(AddressSpace space, ulong address, Span<byte> part)
    {
        for (int at = 0; at < part.Length; at += PageBytes)
        {
            Span<byte> page = part.Slice(at, Math.Min(PageBytes, part.Length - at));
            if (!TryRead(space, unchecked(address + (ulong)at), page))
                page.Clear();
        }
    }
}
