using System.IO.Compression;

namespace Godwit.Migration;

/// <summary>Pages of one channel as one zlib stream; each payload ends on a sync flush (docs/formats/multifd.md, "zlib").</summary>
internal sealed class ZlibPageCompressor : IPageCompressor
{
    private readonly PayloadStream _output = new();
    private readonly ZLibStream _stream;

    /// <summary>Starts the stream.</summary>
    /// <param name="level">0 to 9.</param>
    public ZlibPageCompressor(int level) =>
        _stream = new ZLibStream(_output, new ZLibCompressionOptions { CompressionLevel = level }, leaveOpen: true);

    public MultiFdBits Method => MultiFdBits.Zlib;

    public void Begin(Memory<byte> payload) => _output.Begin(payload);

    public void Add(ReadOnlySpan<byte> page) => _stream.Write(page);

    public int End()
    {
        _stream.Flush();
        return _output.Written;
    }

    public void Dispose()
    {
        // What the stream writes at its end belongs to no payload.
        _output.Begin(new byte[64]);
        _stream.Dispose();
    }
}
