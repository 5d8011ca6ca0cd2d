using Godwit.Native;

namespace Godwit.Migration;

/// <summary>Twin of <see cref="ZstdPageCompressor"/>.</summary>
internal sealed class ZstdPageDecompressor : IPageDecompressor
{
    private readonly ZstdDecompressor _decompressor = new();
    private ReadOnlyMemory<byte> _payload;

    public void Begin(ReadOnlyMemory<byte> payload) => _payload = payload;

    public string? Read(Span<byte> page)
    {
        try
        {
            while (!page.IsEmpty)
            {
                int count = _decompressor.Decompress(_payload.Span, page, out int consumed);
                _payload = _payload[consumed..];
                if (count == 0)
                    return "fewer pages than announced";
                page = page[count..];
            }

            return null;
        }
        catch (ZstdException e)
        {
            return e.Message;
        }
    }

    public string? End()
    {
        Span<byte> more = stackalloc byte[1];
        try
        {
            int count = _decompressor.Decompress(_payload.Span, more, out int consumed);
            return count != 0 ? "more pages than announced" : consumed != _payload.Length ? "bytes behind the last page" : null;
        }
        catch (ZstdException e)
        {
            return e.Message;
        }
    }

    public void Dispose() => _decompressor.Dispose();
}
