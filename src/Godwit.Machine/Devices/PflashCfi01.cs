using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine;

/// <summary>A bank of two 16-bit CFI flash chips side by side, without a backing file: it can be read and asked what it is, not programmed.</summary>
/// <remarks>
/// It reads as memory until a command puts it into another mode. Section <c>pflash_cfi01</c>; the middle of a command sequence is refused on load
/// (docs/formats/virt-sections.md).
/// </remarks>
public sealed class PflashCfi01
{
    /// <summary>Bytes of one bank.</summary>
    public const ulong BankBytes = 0x200_0000;

    private const byte ModeArray = 0x00;
    private const byte ModeStatus = 0x70;
    private const byte ModeId = 0x90;
    private const byte ModeQuery = 0x98;
    private const byte CommandClearStatus = 0x50;
    private const byte StatusReady = 0x80;
    private const int FirstQueryWord = 0x10;

    private static readonly VmStateDescription<PflashCfi01> _state = new("pflash_cfi01", version: 1, minimumVersion: 1)
    {
        Fields =
        [
            Field.UInt8<PflashCfi01>("wcycle", f => ref f._writeCycle),
            Field.UInt8<PflashCfi01>("cmd", f => ref f._mode),
            Field.UInt8<PflashCfi01>("status", f => ref f._status),
            Field.UInt64<PflashCfi01>("counter", f => ref f._counter),
        ],
        PostLoad = (f, _) => f.FinishLoad(),
    };

    /// <summary>The answer to a query, one byte for each chip-wide word from word 0x10 on.</summary>
    private static readonly byte[] _query =
    [
        0x51, 0x52, 0x59, 0x01, 0x00, 0x31, 0x00, 0x00, 0x00, 0x00, 0x00, 0x45, 0x55, 0x00, 0x00, 0x07, 0x07, 0x0a, 0x00, 0x04, 0x04, 0x04,
        0x00, 0x18, 0x02, 0x00, 0x0b, 0x00, 0x01, 0x7f, 0x00, 0x00, 0x02, 0x50, 0x52, 0x49, 0x31, 0x30,
    ];

    private readonly MemoryRegion _region;
    private byte _writeCycle;
    private byte _mode = ModeArray;
    private byte _status = StatusReady;
    private ulong _counter;

    /// <summary>Creates a bank with a RAM block of its own.</summary>
    /// <param name="system">The memory system; the big lock is held.</param>
    /// <param name="name">Name of region and block.</param>
    public PflashCfi01(MemorySystem system, string name)
    {
        _region = MemoryRegion.CreateRomDevice(
            system,
            name,
            BankBytes,
            new RegisterBlock(Read, (_, _, value) => Command((byte)value)),
            new AccessConstraints { MaximumSizeBytes = 4, AllowsUnaligned = true });
    }

    /// <summary>The bank as a region.</summary>
    public MemoryRegion Region => _region;

    internal void Register(VmStateRegistry registry) => registry.Register(_state, this);

    internal void Reset() => SetMode(ModeArray);

    private ulong Read(ulong offset, int sizeBytes) => _mode switch
    {
        ModeStatus => Widen(_status),
        ModeQuery => ReadQuery(offset >> 2),
        _ => 0,
    };

    private static ulong ReadQuery(ulong word)
    {
        ulong index = (word & 0xff) - FirstQueryWord;
        return index < (ulong)_query.Length ? Widen(_query[index]) : 0;
    }

    private static ulong Widen(byte value) => (ulong)value | ((ulong)value << 16);

    private void Command(byte command)
    {
        switch (command)
        {
            case ModeStatus:
            case ModeId:
            case ModeQuery:
                SetMode(command);
                break;
            case CommandClearStatus:
                _status = StatusReady;
                SetMode(ModeArray);
                break;
            default:
                SetMode(ModeArray);
                break;
        }
    }

    private void SetMode(byte mode)
    {
        _mode = mode;
        _region.SetRomd(mode == ModeArray);
    }

    private void FinishLoad()
    {
        if (_writeCycle != 0 || _mode is not (ModeArray or ModeStatus or ModeId or ModeQuery))
        {
            throw new VmStateException(
                "the guest is inside a flash command sequence, and this flash cannot be programmed: migrate again later",
                "wcycle 0x00, cmd 0x00",
                $"wcycle 0x{_writeCycle:x2}, cmd 0x{_mode:x2}");
        }

        SetMode(_mode);
    }
}
