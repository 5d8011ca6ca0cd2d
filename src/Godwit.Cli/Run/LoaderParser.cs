using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using Godwit.Machine;

namespace Godwit.Cli;

/// <summary>Reads <c>-device loader,…</c> with QEMU's rules about what goes together.</summary>
internal static class LoaderParser
{
    private const ulong MaximumDataBytes = 8;

    public static LoaderOptions Parse(OptionValue v)
    {
        _ = v.Take("id");
        string? file = v.TakePath("file");
        bool isRaw = v.TakeSwitch("force-raw") ?? false;
        ulong? address = Number(v, "addr");
        ulong? data = Number(v, "data");
        ulong? count = Number(v, "data-len");
        bool? isBigEndian = v.TakeSwitch("data-be");
        ulong? hart = Number(v, "cpu-num");
        v.End();

        if (file is not null && ((data ?? count) is not null || isBigEndian is not null))
            throw v.Refuse("file", "is not supported when loading memory values");
        if (data is not null && count is null or 0)
            throw v.Refuse("data-len", "is missing; both data and data-len must be specified");
        if (count > MaximumDataBytes)
            throw v.Refuse($"data-len={count}", $"cannot be greater than {MaximumDataBytes} bytes");
        if (hart > int.MaxValue)
            throw v.Refuse($"cpu-num={hart}", "is not a CPU number");
        if (file is null && count is null or 0)
        {
            if (address is null or 0)
                throw v.Refuse("file", "is missing; please include valid arguments");
            if (hart is null)
                throw v.Refuse("cpu-num", "must be specified when setting a program counter");
        }

        return new LoaderOptions
        {
            FilePath = file,
            IsRaw = isRaw,
            Address = address ?? 0,
            Data = count is { } length ? Bytes(data ?? 0, (int)length, isBigEndian ?? false) : [],
            HartIndex = (int?)hart,
        };
    }

    private static ImmutableArray<byte> Bytes(ulong value, int count, bool isBigEndian)
    {
        // As QEMU has it: the first bytes of all eight, so that data-be wants its value in the upper ones.
        Span<byte> bytes = stackalloc byte[(int)MaximumDataBytes];
        if (isBigEndian)
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        else
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return [.. bytes[..count]];
    }

    private static ulong? Number(OptionValue v, string key)
    {
        if (v.Take(key) is not { } text)
            return null;
        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return ulong.TryParse(
            isHex ? text.AsSpan(2) : text, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : throw v.Refuse($"{key}={text}", "is not a number");
    }
}
