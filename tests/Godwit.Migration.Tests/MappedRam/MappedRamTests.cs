using System.Buffers.Binary;
using Godwit.Memory;
using Godwit.Migration.Tests.Ram;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration.Tests.MappedRam;

public sealed class MappedRamTests : IDisposable
{
    // START of a section's body: total | 4, then the one block's entry, then its header.
    private const int HeaderAt = 8 + 4 + 8;
    private const int BitmapAt = HeaderAt + 28;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"godwit-mapped-{Guid.NewGuid():n}");
    private readonly RamTestMachine _source = Machine();
    private readonly RamTestMachine _target = Machine();

    public void Dispose()
    {
        _source.Dispose();
        _target.Dispose();
        File.Delete(_path);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0x1800)]
    public void Save_PagesThatChangeAndVanish_LoadIsEqual(int offset)
    {
        RamBlock ram = _source.AddBlock("ram", 300);
        RamBlock odd = _source.AddBlock("odd", 3);
        RamBlock target = _target.AddBlock("ram", 300);
        RamBlock targetOdd = _target.AddBlock("odd", 3);
        target.GetSpan(default, 300 * 4096).Fill(0xdd);
        var random = new Random(5);
        foreach (int page in new[] { 0, 1, 2, 63, 64, 65, 200, 299 })
            random.NextBytes(ram.GetSpan(new RamOffset((ulong)page * 4096), 4096));
        odd.GetSpan(new RamOffset(4096), 1).Fill(9);

        Save(offset, sender =>
        {
            ram.GetSpan(new RamOffset(64 * 4096), 4096).Clear(); // was in the file, and must not come back
            random.NextBytes(ram.GetSpan(new RamOffset(10 * 4096), 4096));
            _source.Memory.Dirty.SetRange(ram.Offset, ram.UsedLengthBytes, DirtyClientMask.Migration);
        });
        Load(offset);

        Assert.True(ram.GetSpan(default, 300 * 4096).SequenceEqual(target.GetSpan(default, 300 * 4096)));
        Assert.True(odd.GetSpan(default, 3 * 4096).SequenceEqual(targetOdd.GetSpan(default, 3 * 4096)));
    }

    [Fact]
    public void Save_OneBlock_LiesWhereThePeersPutIt()
    {
        RamBlock ram = _source.AddBlock("ram", 300);
        ram.GetSpan(new RamOffset(9 * 4096), 4096).Fill(7);

        Save(0);

        byte[] file = File.ReadAllBytes(_path);
        Assert.Equal("00000001" + "0000000000001000" + $"{BitmapAt:x16}" + "0000000000100000", Convert.ToHexString(file, HeaderAt, 28), ignoreCase: true);
        Assert.Equal("00020000000000", Convert.ToHexString(file, BitmapAt, 7));
        Assert.Equal(7, file[0x100000 + (9 * 4096)]);
        Assert.Equal(0x10UL, BinaryPrimitives.ReadUInt64BigEndian(file.AsSpan(0x100000 + (300 * 4096))));
    }

    [Theory]
    [InlineData(0, 2, "another version")]
    [InlineData(0, 0, "another version")]
    [InlineData(4, 8192, "another page size")]
    [InlineData(12, 0, "bitmap at an impossible place")]
    [InlineData(12, -1, "bitmap at an impossible place")]
    [InlineData(12, 10, "where the")]
    [InlineData(12, 0x100000, "where the")]
    [InlineData(12, 0x7f00000000000000, "behind the end of the file")]
    [InlineData(20, 0x100800, "not aligned")]
    [InlineData(20, 0, "pages at an impossible place")]
    [InlineData(20, -4096, "pages at an impossible place")]
    [InlineData(20, 0x40000000, "behind the end of the file")]
    public void Load_HeaderChanged_Refuses(int at, long value, string reason)
    {
        RamBlock ram = _source.AddBlock("ram", 300);
        ram.GetSpan(new RamOffset(9 * 4096), 4096).Fill(7);
        _target.AddBlock("ram", 300);
        Save(0);
        byte[] file = File.ReadAllBytes(_path);
        if (at == 0)
            BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(HeaderAt), (int)value);
        else
            BinaryPrimitives.WriteInt64BigEndian(file.AsSpan(HeaderAt + at), value);
        File.WriteAllBytes(_path, file);

        var error = Assert.Throws<StreamFormatException>(() => Load(0));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_RecordOfAPage_Refuses()
    {
        _source.AddBlock("ram", 3);
        _target.AddBlock("ram", 3);
        Save(0);
        byte[] file = File.ReadAllBytes(_path);
        File.WriteAllBytes(_path, [.. file.AsSpan(0, file.Length - 16), .. new RamStreamBytes().U64(0x002).Name("ram").Bytes(0).ToArray()]);
        Assert.Contains("record of a page", Assert.Throws<StreamFormatException>(() => Load(0)).Message, StringComparison.Ordinal);
    }

    private static RamTestMachine Machine()
    {
        var machine = new RamTestMachine();
        machine.Capabilities = machine.Capabilities.With(MigrationCapability.MappedRam);
        return machine;
    }

    private void Save(long offset, Action<RamSaveVm>? betweenRounds = null)
    {
        using Channel channel = ChannelFactory.Connect(new FileAddress(_path, offset));
        using var sender = new RamSaveVm(_source.Memory, _source);
        var writer = new MigrationWriter(channel);
        sender.SaveSetup(writer);
        while (!sender.SaveLiveIterate(writer))
        {
            // A part ends after a while on a busy machine, sent out or not.
        }

        betweenRounds?.Invoke(sender);
        sender.QueryPending(exact: true, final: true);
        sender.SaveComplete(writer);
        channel.FinishWriting(); // the file has its name from here on
    }

    private void Load(long offset)
    {
        using IChannelListener listener = ChannelFactory.Listen(new FileAddress(_path, offset));
        using Channel channel = listener.Accept();
        using var receiver = new RamSaveVm(_target.Memory, _target);
        var reader = new MigrationReader(channel);
        receiver.LoadSetup();
        receiver.LoadState(reader, 4, SectionType.Start);
        receiver.LoadState(reader, 4, SectionType.Part);
        receiver.LoadState(reader, 4, SectionType.End);
        Assert.True(reader.IsAtEnd());
    }
}
