using System.Text.Json;

namespace Godwit.Wire.Tests;

/// <summary>The accepted forms, and the refusals with the texts that <c>qemu-system-x86_64</c> 10.0.2 answered to <c>migrate</c>.</summary>
public sealed class MigrationAddressTests
{
    private const string LongHost = "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh";

    public static TheoryData<string, MigrationAddress> Uris => new()
    {
        { "tcp:host:4444", new TcpAddress("host", "4444") },
        { "tcp::0", new TcpAddress("", "0") },
        { "tcp:[::1]:4444", new TcpAddress("::1", "4444") },
        { "tcp:[[fe80]:1", new TcpAddress("[fe80", "1") },
        { "tcp:a:http", new TcpAddress("a", "http") },
        { "tcp:a:b:c", new TcpAddress("a", "b:c") },
        { $"tcp:{LongHost}:1", new TcpAddress(LongHost, "1") },
        { "tcp:a:1,to=9,ipv4,ipv6=off", new TcpAddress("a", "1") { To = 9, Ipv4 = true, Ipv6 = false } },
        { "tcp:a:1,keep-alive=on,mptcp,junk", new TcpAddress("a", "1") { KeepAlive = true, Multipath = true } },
        { "tcp:a:1x", new TcpAddress("a", "1x") },
        { "unix:/run/a,b:c", new UnixAddress("/run/a,b:c") },
        { "fd:name", new FdAddress("name") },
        { "exec:cat > /x", new ExecAddress(["/bin/sh", "-c", "cat > /x"]) },
        { "exec:", new ExecAddress(["/bin/sh", "-c", ""]) },
        { "file:/x", new FileAddress("/x") },
        { "file:", new FileAddress("") },
        { "file:/x,y,offset=0x1000", new FileAddress("/x,y", 0x1000) },
        { "file:/x,offset=4k", new FileAddress("/x", 4096) },
        { "file:/x,offset=1.5k", new FileAddress("/x", 1536) },
        { "file:/x,offset=3M", new FileAddress("/x", 3L << 20) },
        { "file:/x,offset=2G", new FileAddress("/x", 2L << 30) },
        { "file:/x,offset=17B", new FileAddress("/x", 17) },
    };

    public static TheoryData<string, string> BadUris => new()
    {
        { "bogus:x", "unknown migration protocol: bogus:x" },
        { "foo", "unknown migration protocol: foo" },
        { "", "unknown migration protocol: " },
        { "TCP:a:1", "unknown migration protocol: TCP:a:1" },
        { "tcp:", "error parsing address ''" },
        { "tcp:foo", "error parsing address 'foo'" },
        { "tcp:a:", "error parsing address 'a:'" },
        { "tcp::", "error parsing port in address ':'" },
        { "tcp:[::1:5", "error parsing IPv6 address '[::1:5'" },
        { "tcp:[::1]", "error parsing IPv6 address '[::1]'" },
        { "tcp:[::1]5", "error parsing IPv6 address '[::1]5'" },
        { $"tcp:h{LongHost}:1", $"error parsing address 'h{LongHost}:1'" },
        { "tcp:a:1,to=", "error parsing to= argument" },
        { "tcp:a:1,to=x", "error parsing to= argument" },
        { "tcp:a:1,to=9z", "error parsing to= argument" },
        { "tcp:a:1,ipv4=maybe", "error parsing 'ipv4' flag '=maybe'" },
        { "tcp:a:1,ipv4x", "error parsing 'ipv4' flag 'x'" },
        { "tcp:a:1,keep-alive=q", "error parsing 'keep-alive' flag '=q'" },
        { "unix:", "invalid Unix socket address" },
        { "fd:", "invalid file descriptor address" },
        { "file:/x,offset=zz", "file URI has bad offset zz: Invalid argument" },
        { "file:/x,offset=", "file URI has bad offset : Invalid argument" },
        { "file:/x,offset=-1", "file URI has bad offset -1: Numerical result out of range" },
        { "file:/x,offset=99999999999999999999", "file URI has bad offset 99999999999999999999: Numerical result out of range" },
        { "file:/x,offset=1q", "file URI has bad offset 1q: Invalid argument" },
        { "file:/x,offset=0x1000k", "file URI has bad offset 0x1000k: Invalid argument" },
        { "file:/x,offset=1.7", "file URI has bad offset 1.7: Invalid argument" },
    };

    public static TheoryData<string, MigrationAddress> Channels => new()
    {
        {
            """{"transport":"socket","type":"inet","host":"127.0.0.1","port":"4444"}""",
            new TcpAddress("127.0.0.1", "4444")
        },
        {
            """{"transport":"socket","type":"inet","host":"a","port":"1","to":7,"ipv4":true,"ipv6":false,"keep-alive":true,"numeric":true,"mptcp":true,"keep-alive-idle":5}""",
            new TcpAddress("a", "1") { To = 7, Ipv4 = true, Ipv6 = false, KeepAlive = true, IsNumeric = true, Multipath = true, KeepAliveIdle = 5 }
        },
        { """{"transport":"socket","type":"unix","path":"/x"}""", new UnixAddress("/x") },
        { """{"transport":"socket","type":"unix","path":"x","abstract":true,"tight":false}""", new UnixAddress("x", true, false) },
        { """{"transport":"socket","type":"fd","str":"name"}""", new FdAddress("name") },
        { """{"transport":"exec","args":["/bin/sh","-c","cat > /x"]}""", ExecAddress.ForShell("cat > /x") },
        { """{"transport":"file","filename":"/x","offset":4096}""", new FileAddress("/x", 4096) },
    };

    public static TheoryData<string, string> BadChannels => new()
    {
        { "{}", "Parameter 'channels[0].addr.transport' is missing" },
        { """{"transport":"bogus"}""", "Parameter 'transport' does not accept value 'bogus'" },
        { """{"transport":1}""", "Invalid parameter type for 'channels[0].addr.transport', expected: string" },
        { """{"transport":"socket"}""", "Parameter 'channels[0].addr.type' is missing" },
        { """{"transport":"socket","type":"zz"}""", "Parameter 'type' does not accept value 'zz'" },
        { """{"transport":"socket","type":"inet"}""", "Parameter 'channels[0].addr.host' is missing" },
        { """{"transport":"socket","type":"inet","host":"a"}""", "Parameter 'channels[0].addr.port' is missing" },
        {
            """{"transport":"socket","type":"inet","host":"a","port":1}""",
            "Invalid parameter type for 'channels[0].addr.port', expected: string"
        },
        { """{"transport":"socket","type":"inet","host":"a","port":"1","x":1}""", "Parameter 'channels[0].addr.x' is unexpected" },
        { """{"transport":"socket","type":"inet","host":"a","port":"1","to":-1}""", "Parameter 'to' expects uint16_t" },
        { """{"transport":"socket","type":"inet","host":"a","port":"1","to":70000}""", "Parameter 'to' expects uint16_t" },
        { """{"transport":"socket","type":"inet","host":"a","port":"1","to":"q"}""", "Parameter 'channels[0].addr.to' expects uint64" },
        {
            """{"transport":"socket","type":"inet","host":"a","port":"1","ipv4":"q"}""",
            "Invalid parameter type for 'channels[0].addr.ipv4', expected: boolean"
        },
        { """{"transport":"socket","type":"unix"}""", "Parameter 'channels[0].addr.path' is missing" },
        { """{"transport":"exec"}""", "Parameter 'channels[0].addr.args' is missing" },
        { """{"transport":"exec","args":"x"}""", "Invalid parameter type for 'channels[0].addr.args', expected: array" },
        { """{"transport":"exec","args":[1]}""", "Invalid parameter type for 'channels[0].addr.args[0]', expected: string" },
        { """{"transport":"file"}""", "Parameter 'channels[0].addr.filename' is missing" },
        { """{"transport":"file","filename":"/x"}""", "Parameter 'channels[0].addr.offset' is missing" },
        { """{"transport":"file","filename":"/x","offset":"0"}""", "Parameter 'channels[0].addr.offset' expects uint64" },
        { "[]", "Invalid parameter type for 'channels[0].addr', expected: object" },
    };

    public static TheoryData<string, string> BadLists => new()
    {
        { "[]", "Channel list has no main entry" },
        { """{"a":1}""", "Invalid parameter type for 'channels', expected: array" },
        { "\"x\"", "Invalid parameter type for 'channels', expected: array" },
        { "[1]", "Invalid parameter type for 'channels[0]', expected: object" },
        { """[{"channel-type":"zz","addr":{}}]""", "Parameter 'channel-type' does not accept value 'zz'" },
        { """[{"addr":{}}]""", "Parameter 'channels[0].channel-type' is missing" },
        { """[{"channel-type":"main"}]""", "Parameter 'channels[0].addr' is missing" },
        {
            """[{"channel-type":"main","addr":{"transport":"file","filename":"/x","offset":0},"q":1}]""",
            "Parameter 'channels[0].q' is unexpected"
        },
        {
            """[{"channel-type":"main","addr":{"transport":"exec","args":["x"]}},{"channel-type":"main","addr":{"transport":"exec","args":["x"]}}]""",
            "Channel list has more than one main entry"
        },
    };

    [Theory]
    [MemberData(nameof(Uris))]
    public void ParseUri_GoodForm_GivesTheAddress(string uri, MigrationAddress expected)
        => Assert.Equal(expected, MigrationAddress.ParseUri(uri));

    [Theory]
    [MemberData(nameof(Uris))]
    public void ToUri_ParsedAgain_IsTheSameAddress(string uri, MigrationAddress expected)
    {
        var written = MigrationAddress.ParseUri(uri).ToUri();

        Assert.Equal(expected, MigrationAddress.ParseUri(written));
    }

    [Theory]
    [MemberData(nameof(BadUris))]
    public void ParseUri_BadForm_IsRefusedWithTheFieldsText(string uri, string text)
        => Assert.Equal(text, Assert.Throws<MigrationAddressException>(() => MigrationAddress.ParseUri(uri)).Message);

    [Theory]
    [MemberData(nameof(Channels))]
    public void FromChannels_GoodObject_GivesTheAddress(string addr, MigrationAddress expected)
        => Assert.Equal(expected, Parse($$"""[{"channel-type":"main","addr":{{addr}}}]"""));

    [Theory]
    [MemberData(nameof(BadChannels))]
    public void FromChannels_BadAddress_IsRefusedWithTheFieldsText(string addr, string text)
        => Assert.Equal(
            text, Assert.Throws<MigrationAddressException>(() => Parse($$"""[{"channel-type":"main","addr":{{addr}}}]""")).Message);

    [Theory]
    [MemberData(nameof(BadLists))]
    public void FromChannels_BadList_IsRefusedWithTheFieldsText(string channels, string text)
        => Assert.Equal(text, Assert.Throws<MigrationAddressException>(() => Parse(channels)).Message);

    [Fact]
    public void FromChannels_HalfASurrogatePair_IsRefused()
        => Assert.Throws<MigrationAddressException>(
            () => Parse("""[{"channel-type":"main","addr":{"transport":"file","filename":"\ud800","offset":0}}]"""));

    [Theory]
    [InlineData("tcp:a:1", true, false)]
    [InlineData("unix:/x", true, false)]
    [InlineData("file:/x", true, true)]
    [InlineData("exec:x", false, false)]
    [InlineData("fd:x", false, false)]
    public void Traits_OfEachKind_AreTheTransports(string uri, bool isMultiChannel, bool isSeekable)
    {
        var address = MigrationAddress.ParseUri(uri);

        Assert.Equal(isMultiChannel, address.IsMultiChannel);
        Assert.Equal(isSeekable, address.IsSeekable);
    }

    private static MigrationAddress Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return MigrationAddress.FromChannels(document.RootElement);
    }
}
