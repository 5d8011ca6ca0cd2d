using System.IO.Compression;

namespace Godwit.Migration;

/// <summary>Twin of <see cref="ZlibPageCompressor"/>: one inflater for all payloads of a channel.</summary>
internal sealed class ZlibPageDecompressor : IPageDecompressor
{
    private readonly PayloadStream _input = new();
    private readonly ZLibStream _stream;

    public ZlibPageDecompressor() => _stream = new ZLibStream(_input, CompressionMode.Decompress, leaveOpen: true);

    public void Begin(ReadOnlyMemory<byte> payload) => _input.Begin(payload);

    public string? Read(Span<byte> page)
    {
        try
        {
            while (!page.IsEmpty)
            {
                int count = _stream.Read(page);
                if (count == 0)
                    return "fewer pages than announced";
                page = page[count..];
            }

            return null;
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
    }

    public string? End()
    {
        // Another read takes the flush mark in; it must give nothing.
        Span<byte> more = stackalloc byte[1];
        try
        {
            return _stream.Read(more) != 0 ? "more pages than announced" : _input.Unread != 0 ? "bytes behind the end of the stream" : null;
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
    }

    public void Dispose() => _stream.Dispose();
}
