using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>The scalar kinds of docs/formats/vmstate.md, "Encodings".</summary>
internal static class ScalarCodecs
{
    public static ScalarCodec<bool> Bool { get; } = new Codec<bool>("bool", r => r.ReadByte() != 0, (w, v) => w.WriteByte(v ? (byte)1 : (byte)0));

    public static ScalarCodec<byte> UInt8 { get; } = new Codec<byte>("uint8", r => r.ReadByte(), (w, v) => w.WriteByte(v));

    public static ScalarCodec<sbyte> Int8 { get; } = new Codec<sbyte>("int8", r => unchecked((sbyte)r.ReadByte()), (w, v) => w.WriteByte(unchecked((byte)v)));

    public static ScalarCodec<ushort> UInt16 { get; } = new Codec<ushort>("uint16", r => r.ReadUInt16(), (w, v) => w.WriteUInt16(v));

    public static ScalarCodec<short> Int16 { get; } = new Codec<short>("int16", r => unchecked((short)r.ReadUInt16()), (w, v) => w.WriteUInt16(unchecked((ushort)v)));

    public static ScalarCodec<uint> UInt32 { get; } = new Codec<uint>("uint32", r => r.ReadUInt32(), (w, v) => w.WriteUInt32(v));

    public static ScalarCodec<int> Int32 { get; } = new Codec<int>("int32", r => unchecked((int)r.ReadUInt32()), (w, v) => w.WriteUInt32(unchecked((uint)v)));

    public static ScalarCodec<ulong> UInt64 { get; } = new Codec<ulong>("uint64", r => r.ReadUInt64(), (w, v) => w.WriteUInt64(v));

    public static ScalarCodec<long> Int64 { get; } = new Codec<long>("int64", r => unchecked((long)r.ReadUInt64()), (w, v) => w.WriteUInt64(unchecked((ulong)v)));

    /// <summary>All ones on the wire: not armed.</summary>
    public static ScalarCodec<long?> Timer { get; } = new Codec<long?>(
        "timer",
        r => r.ReadUInt64() is var v && v == ulong.MaxValue ? null : unchecked((long)v),
        (w, v) => w.WriteUInt64(v is long ns ? unchecked((ulong)ns) : ulong.MaxValue));

    /// <summary>The bit pattern, high word first.</summary>
    public static ScalarCodec<double> Double { get; } = new Codec<double>(
        "CPU_Double_U",
        r => BitConverter.UInt64BitsToDouble(r.ReadUInt64()),
        (w, v) => w.WriteUInt64(BitConverter.DoubleToUInt64Bits(v)));

    private sealed class Codec<TValue>(string typeName, Func<MigrationReader, TValue> read, Action<MigrationWriter, TValue> write)
        : ScalarCodec<TValue>(typeName)
    {
        public override TValue Read(MigrationReader reader) => read(reader);

        public override void Write(MigrationWriter writer, TValue value) => write(writer, value);
    }
}
