using BenchmarkDotNet.Attributes;
using Godwit.Migration;

namespace Godwit.Benchmarks.Ram;

/// <summary>One page as its difference to what was sent: the vectorised encoder against its scalar twin, and the decoder.</summary>
public class XbzrleBenchmarks
{
    private readonly byte[] _old = new byte[XbzrleFormat.PageBytes];
    private readonly byte[] _new = new byte[XbzrleFormat.PageBytes];
    private readonly byte[] _encoded = new byte[XbzrleFormat.PageBytes];
    private readonly byte[] _decoded = new byte[XbzrleFormat.PageBytes];
    private int _length;

    /// <summary>Bytes per changed stretch and bytes per stretch that stays: half of the page, in long or short pieces, or one word.</summary>
    [Params("2048+2048", "64+64", "8+8", "8+4088")]
    public string Change { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        string[] lengths = Change.Split('+');
        int changed = int.Parse(lengths[0], System.Globalization.CultureInfo.InvariantCulture);
        int period = changed + int.Parse(lengths[1], System.Globalization.CultureInfo.InvariantCulture);
        new Random(1).NextBytes(_old);
        for (int at = 0; at < _new.Length; at++)
            _new[at] = at % period < changed ? (byte)~_old[at] : _old[at];
        _length = XbzrleEncoder.Encode(_old, _new, _encoded);
        _old.CopyTo(_decoded, 0);
    }

    [Benchmark(Baseline = true)]
    public int EncodeScalar() => XbzrleEncoder.EncodeScalar(_old, _new, _encoded);

    [Benchmark]
    public int Encode() => XbzrleEncoder.Encode(_old, _new, _encoded);

    [Benchmark]
    public XbzrleDecodeStatus Decode() => XbzrleDecoder.Decode(_encoded.AsSpan(0, _length), _decoded, out _);
}
