using Godwit.VmState;

namespace Godwit.Migration.Tests.Control;

public sealed class PeerVersionTests
{
    [Theory]
    [InlineData("auto", null, "10.0", "10.0")]
    [InlineData("auto", "11.1", "10.0", "11.1")]
    [InlineData("10.0", "11.1", "11.1", "10.0")]
    [InlineData("11.1", null, "10.0", "11.1")]
    public void Resolve_ParameterBeforeOriginBeforeOwn_GivesTheRelease(string parameter, string? origin, string own, string expected)
    {
        MigrationParameters parameters = MigrationParameters.Default.With("x-peer-version", MigrationParameterValue.FromText(parameter));

        PeerProfile profile = PeerVersion.Resolve(parameters, origin is null ? null : PeerProfile.Find(origin), PeerProfile.Find(own)!);

        Assert.Equal(expected, profile.Name);
    }

    [Fact]
    public void With_UnknownRelease_IsRefused()
    {
        var refusal = Assert.Throws<MigrationRefusedException>(
            () => MigrationParameters.Default.With("x-peer-version", MigrationParameterValue.FromText("9.2")));

        Assert.Equal("Parameter 'x-peer-version' does not accept value '9.2'", refusal.Message);
    }
}
