namespace Godwit.Interop.Tests;

/// <summary>With <c>validate-uuid</c> a stream finds only the machine that it belongs to, in both roles.</summary>
public sealed class ValidateUuidTests
{
    private const string Mine = "6f1d4f0e-3b55-4b0c-9b77-0a2f5a1c7e42";
    private const string Other = "00000000-1111-2222-3333-444444444444";

    [Theory]
    [InlineData("godwit", "10")]
    [InlineData("11", "godwit")]
    public void Migrate_UuidDiffers_IsRefusedAndTheNextTargetTakesIt(string from, string to)
    {
        using FeatureVm source = FeatureVm.StartGuest(from, more: ["-uuid", Mine]);
        using FeatureVm wrong = FeatureVm.StartTarget(to, "-uuid", Other);
        using FeatureVm right = FeatureVm.StartTarget(to, "-uuid", Mine);
        source.ExpectTarget(right);
        foreach (FeatureVm vm in new[] { source, wrong, right })
            vm.Qmp.EnableCapabilities("validate-uuid", "return-path");
        source.WaitForMoreRounds(1);
        source.Qmp.Execute("migrate", new { uri = wrong.Listen() });
        source.WaitForMigration("failed");
        wrong.WaitForMigration("failed");
        Assert.Contains($"UUID received is {Mine} and local is {Other}", wrong.Explanation, StringComparison.Ordinal);
        source.WaitForMoreRounds(1);
        source.Qmp.Execute("migrate", new { uri = right.Listen() });
        source.WaitForMigration();
        right.WaitForMigration();
        right.AssertGuestIsSound();
    }
}
