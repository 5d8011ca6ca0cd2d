using Godwit.Memory;
using Godwit.Wire;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Migration;

/// <summary>Reads the block list of the START section and fits this machine's blocks to it (docs/formats/ram.md, "Block list").</summary>
public sealed class RamBlockListDecoder
{
    private readonly MigrationReader _reader;
    private readonly MemorySystem _memory;
    private readonly RamOptions _options;
    private readonly MappedRamReader? _mapped;

    /// <summary>Reads from <paramref name="reader"/>, pages included if they lie in a file.</summary>
    internal RamBlockListDecoder(MigrationReader reader, MemorySystem memory, RamOptions options, MappedRamReader? mapped)
        : this(reader, memory, options) => _mapped = mapped;

    /// <summary>Reads from <paramref name="reader"/>.</summary>
    public RamBlockListDecoder(MigrationReader reader, MemorySystem memory, RamOptions options)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(options);
        _reader = reader;
        _memory = memory;
        _options = options;
    }

    /// <summary>Reads the list up to its end: the lengths have no count and no end mark, only a sum.</summary>
    /// <param name="totalBytes">The sum of all lengths, from the MEM_SIZE record.</param>
    /// <exception cref="StreamFormatException">An entry does not fit this machine.</exception>
    public void Read(ulong totalBytes)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (ulong left = totalBytes; left != 0;)
        {
            long at = _reader.Position;
            string name = _reader.ReadCountedString();
            long lengthAt = _reader.Position;
            ulong length = _reader.ReadUInt64();
            RamBlock block = Find(name, at);
            if (!seen.Add(name))
                throw _reader.Error($"the block list names \"{name}\" twice", "each block once", $"\"{name}\"", at);
            if (length > left)
                throw _reader.Error($"the length of block \"{name}\" is more than what is left of the total", $"at most {Hex(left)}", Hex(length), lengthAt);
            if (length == 0)
                throw _reader.Error($"block \"{name}\" has no length", "more than 0", "0", lengthAt);
            left -= length;
            FitLength(block, length, lengthAt);
            CheckPageSize(block);
            CheckGuestAddress(block);
            _mapped?.ReadBlock(block, length, _options.IsIgnored(block));
        }
    }

    private RamBlock Find(string name, long at)
    {
        RamBlock block = _memory.Ram.Find(name)
            ?? throw _reader.Error("the block list names a block that this machine does not have", "a block of this machine", $"\"{name}\"", at);
        if (!block.IsMigratable)
            throw _reader.Error($"the block list names block \"{name}\", which is not migrated here", "a migratable block", $"\"{name}\"", at);
        return block;
    }

    private void FitLength(RamBlock block, ulong length, long at)
    {
        ulong unit = RamOptions.DefaultPageSizeBytes;
        if (length > ulong.MaxValue - unit)
            throw TooLong(block, length, at);
        ulong rounded = (length + unit - 1) / unit * unit;
        if (rounded == block.UsedLengthBytes)
            return;
        if (!block.IsResizable)
        {
            throw _reader.Error($"block \"{block.IdString}\" has another length here", Hex(block.UsedLengthBytes), Hex(length), at);
        }

        if (rounded > block.MaxLengthBytes)
            throw TooLong(block, length, at);
        using (_memory.BigLock.EnterIfNeeded())
            _memory.Ram.Resize(block, rounded);
    }

    private StreamFormatException TooLong(RamBlock block, ulong length, long at) =>
        _reader.Error($"block \"{block.IdString}\" is too large", $"at most {Hex(block.MaxLengthBytes)}", Hex(length), at);

    private void CheckPageSize(RamBlock block)
    {
        if (!_options.HasPageSize(block))
            return;
        long at = _reader.Position;
        ulong pageSize = _reader.ReadUInt64();
        if (pageSize != block.PageSizeBytes)
            throw _reader.Error($"block \"{block.IdString}\" has another page size here", Hex(block.PageSizeBytes), Hex(pageSize), at);
    }

    private void CheckGuestAddress(RamBlock block)
    {
        if (!_options.IgnoreShared)
            return;
        long at = _reader.Position;
        ulong address = _reader.ReadUInt64();
        ulong here = block.Region.Offset;
        if (_options.IsIgnored(block) && address != here)
            throw _reader.Error($"shared block \"{block.IdString}\" has another guest address here", Hex(here), Hex(address), at);
    }
}
