using System.Text;
using System.Text.Json;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>Addresses of migrations: URIs (byte 0 even) and channel lists (odd).</summary>
internal sealed class AddressTarget : FuzzTarget
{
    private static readonly string[] _uris =
    [
        "tcp:localhost:4444", "tcp::0", "tcp:[::1]:80,ipv4=on,ipv6=off", "tcp:a:service,to=9,keep-alive,mptcp=on", "unix:/tmp/x", "unix:@y",
        "fd:7", "fd:name", "exec:cat >/dev/null", "exec:", "file:/tmp/f", "file:/tmp/f,offset=4k", "file:x,offset=0x1000", "file:x,offset=1.5M",
        "file:x,offset=7E", "tcp:[fe80::1%eth0]:1",
    ];

    private static readonly string[] _channels =
    [
        """[{"channel-type":"main","addr":{"transport":"socket","type":"inet","host":"a","port":"1","to":9,"ipv4":true,"keep-alive":true,"keep-alive-count":3}}]""",
        """[{"channel-type":"main","addr":{"transport":"socket","type":"unix","path":"/x"}}]""",
        """[{"channel-type":"main","addr":{"transport":"socket","type":"fd","str":"7"}}]""",
        """[{"channel-type":"main","addr":{"transport":"exec","args":["/bin/cat","-"]}}]""",
        """[{"addr":{"transport":"file","offset":4096,"filename":"/\u00e9"},"channel-type":"main"}]""",
    ];

    public override string Name => "address";

    public override int CorpusSize => 64;

    public override SeedInput MakeSeed(FuzzRandom random)
    {
        bool isUri = random.OneIn(2);
        string text = isUri ? random.Pick(_uris) : random.Pick(_channels);
        var bytes = new SeedBuilder(isUri ? (byte)0 : (byte)1);
        int at = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not (':' or ',' or '{' or '}'))
                continue;
            bytes.Piece().Bytes(Encoding.UTF8.GetBytes(text[at..(i + 1)]));
            at = i + 1;
        }

        return bytes.Piece().Bytes(Encoding.UTF8.GetBytes(text[at..])).Build();
    }

    public override bool Fuzz(ReadOnlySpan<byte> input)
    {
        bool isUri = input.IsEmpty || (input[0] & 1) == 0;
        ReadOnlySpan<byte> text = input.IsEmpty ? input : input[1..];
        try
        {
            if (isUri)
                CheckUri(Encoding.UTF8.GetString(text));
            else
                ReadChannels(text.ToArray());
            return true;
        }
        catch (Exception refusal) when (refusal is MigrationAddressException or JsonException)
        {
            LastRefusal = refusal.Message;
            return false;
        }
    }

    private static void CheckUri(string uri)
    {
        MigrationAddress address = MigrationAddress.ParseUri(uri);
        MigrationAddress again;
        try
        {
            again = MigrationAddress.ParseUri(address.ToUri());
        }
        catch (MigrationAddressException refusal)
        {
            throw new FuzzFailureException($"'{uri}' is written as '{address.ToUri()}', which is refused: {refusal.Message}");
        }

        Check(address.Equals(again), $"'{uri}' is written as '{address.ToUri()}', which is something else");
        string scheme = uri[..uri.IndexOf(':', StringComparison.Ordinal)];
        Check(address.ToUri().StartsWith(scheme + ":", StringComparison.Ordinal), "the scheme of " + uri);
    }

    private static void ReadChannels(byte[] text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        MigrationAddress address = MigrationAddress.FromChannels(document.RootElement);
        JsonElement main = document.RootElement.EnumerateArray().Single();
        string transport = main.GetProperty("addr").GetProperty("transport").GetString()!;
        string expected = transport == "socket" ? main.GetProperty("addr").GetProperty("type").GetString()! : transport;
        Check(expected == NameOf(address), $"a channel of '{expected}' was read as {address}");
        Check(address.ToUri().Length > 0, "no URI");
    }

    private static string NameOf(MigrationAddress address) => address switch
    {
        TcpAddress => "inet",
        UnixAddress => "unix",
        FdAddress => "fd",
        ExecAddress => "exec",
        _ => "file",
    };
}
