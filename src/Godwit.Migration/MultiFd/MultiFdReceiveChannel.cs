using System.Text;
using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>One data channel of a destination and its thread: packets → checks → pages in their places.</summary>
internal sealed class MultiFdReceiveChannel : IDisposable
{
    private readonly MultiFdReceiver _owner;
    private readonly Channel _channel;
    private readonly Func<string, RamBlock?> _blocks;
    private readonly PagePlacement _placement;
    private readonly MultiFdBits _method;
    private readonly IPageDecompressor? _decompressor;
    private readonly HostSemaphore _release = new(0);
    private readonly Thread _thread;
    private readonly byte[] _header = new byte[MultiFdFormat.HeaderBytes];
    private readonly PageRun[] _runs = new PageRun[MultiFdFormat.MaxPages];
    private readonly HostRange[] _ranges = new HostRange[MultiFdFormat.MaxPages];
    private readonly byte[] _payload = [];
    private readonly byte[] _lastName = new byte[MultiFdFormat.NameBytes];
    private int _lastNameLength = -1;
    private RamBlock? _lastBlock;
    private volatile bool _stops;
    private volatile bool _isWaiting;

    public MultiFdReceiveChannel(
        MultiFdReceiver owner, Channel channel, int id, Func<string, RamBlock?> blocks, PagePlacement placement, MultiFdBits method)
    {
        _owner = owner;
        _channel = channel;
        _blocks = blocks;
        _placement = placement;
        _method = method;
        _decompressor = MultiFdCompression.CreateDecompressor(method);
        if (_decompressor is not null)
            _payload = GC.AllocateUninitializedArray<byte>(MultiFdFormat.MaxPayloadBytes);
        _thread = new Thread(Run) { IsBackground = true, Name = $"multifd receive {id}" };
    }

    /// <summary>Bytes that came over the channel.</summary>
    public long Position => _channel.BytesRead;

    /// <summary>Whether it waits at a synchronisation point.</summary>
    public bool IsWaiting => _isWaiting;

    /// <summary>Starts the thread.</summary>
    public void Start() => _thread.Start();

    /// <summary>Lets the thread go on behind a synchronisation point.</summary>
    public void Release()
    {
        _isWaiting = false;
        _release.Release();
    }

    /// <summary>Asks the thread to end.</summary>
    public void Stop()
    {
        _stops = true;
        _channel.Shutdown();
        _release.Release();
    }

    /// <summary>Waits for the thread's end.</summary>
    public void Dispose()
    {
        _thread.Join();
        _decompressor?.Dispose();
        _placement.Dispose();
        _release.Dispose();
    }

    private void Run()
    {
        try
        {
            while (ReadPacket())
            {
                // The next one.
            }
        }
        catch (Exception e)
        {
            if (!_stops)
                _owner.Fail(e);
        }
    }

    /// <summary>Reads and applies a packet; false at the end of the channel.</summary>
    private bool ReadPacket()
    {
        long start = Position;
        if (!TryReadExactly(_header))
            return false;
        var packet = new MultiFdPacket(_header);
        packet.Check(_method, start);
        if (packet.NormalPages + packet.ZeroPages > 0)
            Apply(packet, start);
        if (packet.Flags.HasFlag(MultiFdBits.Sync))
            WaitForRelease();
        return !_stops;
    }

    private void Apply(in MultiFdPacket packet, long start)
    {
        RamBlock block = FindBlock(packet, start);
        int pages = packet.NormalPages + packet.ZeroPages;
        for (int i = 0; i < pages; i++)
        {
            ulong offset = packet.GetOffset(i);
            if (offset % TargetPage.SizeBytes != 0 || offset >= block.UsedLengthBytes)
                throw MultiFdPacket.OffsetError(i, start, block, offset);
        }

        if (packet.NormalPages > 0)
        {
            if (_decompressor is null)
                ReadPages(packet, block);
            else
                InflatePages(packet, block);
        }

        for (int i = packet.NormalPages; i < pages; i++)
            _placement.PlaceZero(block, new RamOffset(packet.GetOffset(i)));
    }

    private RamBlock FindBlock(in MultiFdPacket packet, long start)
    {
        ReadOnlySpan<byte> name = packet.BlockName;
        if (_lastBlock is not null && name.SequenceEqual(_lastName.AsSpan(0, _lastNameLength)))
            return _lastBlock;
        string text = Encoding.Latin1.GetString(name);
        _lastBlock = _blocks(text) ?? throw MultiFdPacket.NameError(start, text);
        name.CopyTo(_lastName);
        _lastNameLength = name.Length;
        return _lastBlock;
    }

    /// <summary>Pages as they are: the channel puts them straight into their places.</summary>
    private void ReadPages(in MultiFdPacket packet, RamBlock block)
    {
        int runs = 0;
        for (int i = 0; i < packet.NormalPages; runs++)
        {
            var run = new PageRun(block, new RamOffset(packet.GetOffset(i)).Page, packet.RunLength(i));
            _runs[runs] = run;
            _ranges[runs] = block.GetHostRange(run.Start, run.LengthBytes);
            i += run.Count;
        }

        Span<HostRange> left = _ranges.AsSpan(0, runs);
        while (!left.IsEmpty)
        {
            long count = _channel.CanScatter ? _channel.ReadScattered(left) : _channel.Read(left[0].AsSpan());
            if (count == 0)
                throw EndOfChannel();
            while (!left.IsEmpty && count >= left[0].LengthBytes)
            {
                count -= left[0].LengthBytes;
                left = left[1..];
            }

            if (count > 0)
                left[0] = left[0].Slice(count);
        }

        foreach (ref readonly PageRun run in _runs.AsSpan(0, runs))
            _placement.MarkReceived(block, run.First, run.Count);
    }

    private void InflatePages(in MultiFdPacket packet, RamBlock block)
    {
        int length = packet.PayloadBytes;
        long start = Position;
        if (!TryReadExactly(_payload.AsSpan(0, length)))
            throw EndOfChannel();
        _decompressor!.Begin(_payload.AsMemory(0, length));
        for (int i = 0; i < packet.NormalPages; i++)
        {
            var offset = new RamOffset(packet.GetOffset(i));
            if (_decompressor.Read(block.GetSpan(offset, TargetPage.SizeBytes)) is { } reason)
                throw MultiFdFormat.Error("a payload cannot be decompressed", start, $"{packet.NormalPages} pages", reason);
            _placement.MarkReceived(block, offset);
        }

        if (_decompressor.End() is { } rest)
            throw MultiFdFormat.Error("a payload cannot be decompressed", start, $"{packet.NormalPages} pages", rest);
    }

    private void WaitForRelease()
    {
        _isWaiting = true;
        _owner.Report();
        long seen = _owner.AllBytesReceived;
        while (!_release.Wait(_owner.Timeout) && !_stops)
        {
            long now = _owner.AllBytesReceived;
            if (now == seen)
                throw MultiFdReceiver.ModesDiffer(Position);
            seen = now;
        }

        _isWaiting = false;
    }

    private bool TryReadExactly(Span<byte> bytes)
    {
        int done = 0;
        while (done < bytes.Length)
        {
            int count = _channel.Read(bytes[done..]);
            if (count == 0)
                return done == 0 ? false : throw EndOfChannel();
            done += count;
        }

        return true;
    }

    private StreamFormatException EndOfChannel() => MultiFdFormat.Error("unexpected end of stream inside a packet", Position);
}
