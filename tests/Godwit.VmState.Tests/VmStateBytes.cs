using System.Buffers;
using System.Text;
using Godwit.Wire;

namespace Godwit.VmState.Tests;

/// <summary>Saves and loads single objects for tests.</summary>
internal static class VmStateBytes
{
    public static byte[] Save<T>(VmStateDescription<T> description, T owner, PeerProfile? profile = null)
        where T : class
    {
        var bytes = new ArrayBufferWriter<byte>();
        MigrationWriter writer = MigrationWriter.ToMemory(bytes);
        VmStateCodec.Save(description, owner, writer, json: null, profile ?? PeerProfile.Default);
        writer.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Loads, and checks that every byte was used.</summary>
    public static void Load<T>(VmStateDescription<T> description, T owner, byte[] bytes, uint? version = null, PeerProfile? profile = null)
        where T : class
    {
        MigrationReader reader = MigrationReader.FromMemory(bytes);
        VmStateCodec.Load(description, owner, reader, version ?? description.Version, profile ?? PeerProfile.Default);
        Assert.Equal(bytes.Length, reader.Position);
    }

    public static StreamFormatException LoadFails<T>(VmStateDescription<T> description, T owner, byte[] bytes, uint? version = null, PeerProfile? profile = null)
        where T : class => Assert.Throws<StreamFormatException>(() => VmStateCodec.Load(
            description, owner, MigrationReader.FromMemory(bytes), version ?? description.Version, profile ?? PeerProfile.Default));

    /// <summary>The device object of the JSON description.</summary>
    public static string Describe<T>(VmStateDescription<T> description, T owner, PeerProfile profile)
        where T : class
    {
        var registry = new VmStateRegistry();
        SaveStateEntry entry = registry.Register(description, owner);
        var json = new VmDescriptionWriter(profile, 4096);
        MigrationWriter writer = MigrationWriter.ToMemory(new ArrayBufferWriter<byte>());
        VmStateCodec.Save(entry, writer, json, profile);
        string text = Encoding.ASCII.GetString(json.Complete().Span);
        const string Before = "{\"page_size\": 4096, \"devices\": [";
        Assert.StartsWith(Before, text, StringComparison.Ordinal);
        Assert.EndsWith("]}", text, StringComparison.Ordinal);
        return text[Before.Length..^2];
    }

    /// <summary>Bytes written as in a dump; spaces and line ends are free.</summary>
    public static byte[] Hex(string text) => Convert.FromHexString(string.Concat(text.Where(c => !char.IsWhiteSpace(c))));
}
