using System.Collections.Immutable;
using System.Globalization;
using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>The destination side of the "ram" section for one migration: records → pages in their places (docs/formats/ram.md).</summary>
/// <remarks>The incoming thread makes all calls. Every error names the stream offset, what was expected and what was found.</remarks>
public sealed class IncomingRam : IDisposable
{
    private readonly MemorySystem _memory;
    private readonly RamOptions _options;
    private readonly ImmutableArray<RamBlock> _blocks;
    private readonly IIncomingRamContext? _context;
    private readonly byte[] _payload = new byte[Math.Max(XbzrleFormat.PageBytes, CompressedPage.MaxBytes)];
    private RamRecordDecoder? _decoder;
    private MultiFdReceiver? _receiver;
    private MappedRamReadQueue? _queue;
    private bool _isDisposed;

    /// <summary>Takes hold of all migratable blocks.</summary>
    /// <param name="memory">Where pages go.</param>
    /// <param name="options">What capabilities and parameters mean.</param>
    /// <param name="context">The migration, where there are data channels.</param>
    public IncomingRam(MemorySystem memory, RamOptions options, IIncomingRamContext? context = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(options);
        _memory = memory;
        _options = options;
        _context = context;
        _blocks = [.. memory.Ram.Blocks.Where(block => block.IsMigratable && block.TryAddReference())];
        Placement = new PagePlacement(_blocks);
    }

    /// <summary>Where pages go, and which ones have come.</summary>
    public PagePlacement Placement { get; }

    /// <summary>Starts the threads of the data channels, if there are any: the source may be sending already.</summary>
    /// <param name="main">The main channel.</param>
    public void StartDataChannels(Channel main)
    {
        if (!_options.MultiFd || _options.MappedRam || _receiver is not null)
            return;
        if (_context is not { DataChannels.Count: > 0 })
            throw new MigrationFailedException("multifd has no channel to receive on");
        _receiver = new MultiFdReceiver(_context, main, FindBlock, Placement.Share, _options.MultiFdMethod);
    }

    /// <summary>Reads the body of a section up to its end mark.</summary>
    /// <param name="reader">The main channel.</param>
    /// <param name="version">The section's version.</param>
    /// <param name="type">START, PART or END.</param>
    /// <exception cref="StreamFormatException">The body is not acceptable.</exception>
    public void Read(MigrationReader reader, uint version, SectionType type)
    {
        ArgumentNullException.ThrowIfNull(reader);
        if (version != RamRecord.SectionVersion)
        {
            throw reader.Error(
                "the ram section has another version",
                RamRecord.SectionVersion.ToString(CultureInfo.InvariantCulture),
                version.ToString(CultureInfo.InvariantCulture));
        }

        RamRecordDecoder decoder = DecoderOf(reader);
        StartDataChannels(reader.Channel);
        while (true)
        {
            RamRecordHeader header = decoder.ReadHeader();
            if (_options.MappedRam && header.Kind is not (RamRecordBits.EndOfSection or RamRecordBits.MemorySize))
                throw reader.Error("a mapped-ram file has a record of a page", "no such record", header.Kind.ToString(), header.Position);
            switch (header.Kind)
            {
                case RamRecordBits.EndOfSection:
                    EndSection(type);
                    return;
                case RamRecordBits.MultiFdFlush:
                    _receiver?.Synchronize(); // without data channels it means nothing
                    break;
                case RamRecordBits.Page:
                    Placement.PlacePage(reader, header.Block!, new RamOffset(header.Address));
                    break;
                case RamRecordBits.Zero:
                    decoder.ReadZeroFill(header);
                    Placement.PlaceZero(header.Block!, new RamOffset(header.Address));
                    break;
                case RamRecordBits.Xbzrle:
                    ReadDifference(decoder, header);
                    break;
                case RamRecordBits.CompressPage:
                    ReadCompressed(decoder, header);
                    break;
                case RamRecordBits.MemorySize:
                    ReadBlockList(reader, header, type);
                    break;
                default:
                    break; // HOOK without RDMA means nothing
            }
        }
    }

    /// <summary>Lets go of the blocks.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _receiver?.Dispose();
        _queue?.Dispose();
        Placement.Dispose();
        foreach (RamBlock block in _blocks)
            block.ReleaseReference();
    }

    private void EndSection(SectionType type)
    {
        if (_receiver is null)
            return;
        if (_context!.MultiFdSyncsEachSection)
            _receiver.Synchronize();
        if (type == SectionType.End)
            _receiver.CheckNoneWaits();
    }

    private RamRecordDecoder DecoderOf(MigrationReader reader)
    {
        if (_decoder is null || !ReferenceEquals(_decoder.Reader, reader))
            _decoder = new RamRecordDecoder(reader, FindBlock);
        return _decoder;
    }

    /// <summary>Finds a block that pages may be placed into: migratable, and not left to shared memory.</summary>
    private RamBlock? FindBlock(string name)
    {
        foreach (RamBlock block in _blocks)
        {
            if (string.Equals(block.IdString, name, StringComparison.Ordinal))
                return _options.IsIgnored(block) ? null : block;
        }

        return null;
    }

    private void ReadBlockList(MigrationReader reader, in RamRecordHeader header, SectionType type)
    {
        if (type is SectionType.Part or SectionType.End)
            throw reader.Error("the block list is not at the start of the ram section", "a START section", type.ToString(), header.Position);
        if (!_options.MappedRam)
        {
            new RamBlockListDecoder(reader, _memory, _options).Read(header.Address);
            return;
        }

        if (_options.MultiFd && _context is { DataChannels.Count: > 0 })
            _queue ??= new MappedRamReadQueue(
                _context.DataChannels, run => Placement.ReceivedOf(run.Block).SetRange(run.First, (ulong)run.Count));
        var mapped = new MappedRamReader(reader, Placement, _queue);
        new RamBlockListDecoder(reader, _memory, _options, mapped).Read(header.Address);
        _queue?.Wait();
    }

    private void ReadDifference(RamRecordDecoder decoder, in RamRecordHeader header)
    {
        ReadOnlySpan<byte> encoding = decoder.ReadXbzrle(header, _payload);
        long at = decoder.Reader.Position - encoding.Length;
        XbzrleDecodeStatus status = Placement.PlaceDifference(header.Block!, new RamOffset(header.Address), encoding, out int failedAt);
        if (status != XbzrleDecodeStatus.Ok)
        {
            throw decoder.Reader.Error(
                $"an XBZRLE page of {RamRecordDecoder.Where(header)} cannot be decoded", "runs that fit the page and the data", Describe(status), at + failedAt);
        }
    }

    private void ReadCompressed(RamRecordDecoder decoder, in RamRecordHeader header)
    {
        int length = decoder.ReadCompressed(header, _payload).Length;
        long at = decoder.Reader.Position - length;
        string? reason = Placement.PlaceCompressed(header.Block!, new RamOffset(header.Address), _payload, length);
        if (reason is not null)
        {
            throw decoder.Reader.Error(
                $"a compressed page of {RamRecordDecoder.Where(header)} cannot be inflated", "a zlib stream of exactly one page", reason, at);
        }
    }

    private static string Describe(XbzrleDecodeStatus status) => status switch
    {
        XbzrleDecodeStatus.Truncated => "data that ends inside a run",
        XbzrleDecodeStatus.LengthTooLong => "a run length of more than 14 bits",
        XbzrleDecodeStatus.EmptyEqualRun => "an empty equal run",
        XbzrleDecodeStatus.EmptyNewRun => "an empty run of new bytes",
        XbzrleDecodeStatus.BeyondPage => "a run that reaches beyond the page",
        _ => "a run that reaches beyond the data",
    };
}
