using Godwit.Native;

namespace Godwit.Migration;

/// <summary>Pages of one channel as one zstd frame; each payload ends on a flush (docs/formats/multifd.md, "zstd").</summary>
internal sealed class ZstdPageCompressor(int level) : IPageCompressor
{
    private readonly ZstdCompressor _compressor = new(level);
    private Memory<byte> _payload;
    private int _at;

    public MultiFdBits Method => MultiFdBits.Zstd;

    public void Begin(Memory<byte> payload)
    {
        _payload = payload;
        _at = 0;
    }

    public void Add(ReadOnlySpan<byte> page) => _at += _compressor.Compress(page, _payload.Span[_at..], flush: false);

    public int End()
    {
        _at += _compressor.Compress([], _payload.Span[_at..], flush: true);
        return _at;
    }

    public void Dispose() => _compressor.Dispose();
}
