using static Godwit.VmState.Tests.VmStateBytes;

namespace Godwit.VmState.Tests;

/// <summary>Gates, versions, hooks and subsections.</summary>
public sealed class DescriptionTests
{
    private const string ProbeName = "probe";

    [Theory]
    [InlineData(1u, "01")]
    [InlineData(2u, "01 02")]
    [InlineData(3u, "01 02 03")]
    public void Load_OlderVersion_ReadsOnlyItsFields(uint version, string bytes)
    {
        VmStateDescription<Probe> description = new(ProbeName, 3, 1)
        {
            Fields =
            [
                Field.UInt8<Probe>("a", p => ref p.A),
                Field.UInt8<Probe>("b", p => ref p.B, since: 2),
                Field.UInt8<Probe>("c", p => ref p.C, since: 3),
            ],
        };
        var probe = new Probe();
        Load(description, probe, Hex(bytes), version);
        Assert.Equal((1, version >= 2 ? 2 : 0, version >= 3 ? 3 : 0), (probe.A, probe.B, probe.C));
    }

    [Fact]
    public void Load_FieldWithPredicate_IgnoresItsVersion()
    {
        VmStateDescription<Probe> description = new(ProbeName, 1)
        {
            Fields = [Field.UInt8<Probe>("a", p => ref p.A), Field.UInt8<Probe>("b", p => ref p.B, since: 9, when: (p, _) => p.A != 0)],
        };
        Load(description, new Probe(), Hex("00"));
        var probe = new Probe();
        Load(description, probe, Hex("01 02"));
        Assert.Equal(2, probe.B);
        Assert.Equal(Hex("01 02"), Save(description, probe));
    }

    [Theory]
    [InlineData(4u, "too new for local version_id 3")]
    [InlineData(1u, "too old for local minimum version_id  2")]
    public void Load_VersionOutOfRange_IsRefused(uint version, string text)
    {
        VmStateDescription<Probe> description = new(ProbeName, 3, 2) { Fields = [] };
        Assert.Equal($"probe: incoming version_id {version} is {text}", LoadFails(description, new Probe(), [], version, PeerProfile.Qemu10_0).Reason);
        Assert.Contains(text.Replace("  ", " ", StringComparison.Ordinal), LoadFails(description, new Probe(), [], version, PeerProfile.Qemu11_1).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TmpFieldOfLaterVersion_IsNotRead()
    {
        // Saved with the child's version, loaded with the field's.
        VmStateDescription<Probe> child = new("child", 2)
        {
            Fields = [Field.UInt8<Probe>("a", p => ref p.A), Field.UInt8<Probe>("b", p => ref p.B, since: 2)],
        };
        VmStateDescription<Probe> description = new(ProbeName, 1) { Fields = [Field.Tmp<Probe, Probe>("tmp", p => p, child)] };
        Assert.Equal(Hex("01 02"), Save(description, new Probe { A = 1, B = 2 }));
        Load(description, new Probe(), Hex("01"));
        Assert.Contains("not loaded", Assert.Single(VmStateValidator.Validate(description)), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ValidationFails_NamesField()
    {
        VmStateDescription<Probe> description = new(ProbeName, 1)
        {
            Fields = [Field.UInt8<Probe>("a", p => ref p.A), Field.Validate<Probe>("a is small", (p, _) => p.A < 4)],
        };
        Load(description, new Probe(), Hex("03"));
        Assert.Equal("Input validation failed: probe/a is small", LoadFails(description, new Probe(), Hex("04")).Reason);
        Assert.Throws<VmStateException>(() => Save(description, new Probe { A = 4 }));
    }

    [Fact]
    public void Hooks_NestedDescription_RunAtTheirPlace()
    {
        var log = new List<string>();
        VmStateDescription<Probe> subsection = Logged("outer/sub", log, p => ref p.C);
        VmStateDescription<Probe> inner = Logged("inner", log, p => ref p.B);
        VmStateDescription<Probe> outer = new("outer", 1)
        {
            PreSave = _ => log.Add("outer pre_save"),
            PostSave = _ => log.Add("outer post_save"),
            PreLoad = _ => log.Add("outer pre_load"),
            PostLoad = (_, v) => log.Add($"outer post_load {v}"),
            Fields = [Field.UInt8<Probe>("a", p => ref p.A), Field.Struct<Probe, Probe>("inner", p => p, inner)],
            Subsections = [subsection],
        };
        byte[] bytes = Save(outer, new Probe { A = 1, B = 2, C = 3 });
        Assert.Equal(
            ["outer pre_save", "inner pre_save", "inner post_save", "outer/sub pre_save", "outer/sub post_save", "outer post_save"], log);
        log.Clear();
        Load(outer, new Probe(), bytes);
        Assert.Equal(
            ["outer pre_load", "inner pre_load", "inner post_load 1", "outer/sub pre_load", "outer/sub post_load 1", "outer post_load 1"], log);
    }

    [Fact]
    public void Save_FailureInAField_StillRunsPostSave()
    {
        bool cleaned = false;
        VmStateDescription<Probe> description = new(ProbeName, 1)
        {
            PostSave = _ => cleaned = true,
            Fields = [Field.UInt8VarArray<Probe>("bytes", p => p.Bytes, _ => 9, maximum: 4)],
        };
        Assert.Throws<VmStateException>(() => Save(description, new Probe()));
        Assert.True(cleaned);
    }

    [Fact]
    public void Save_PreSaveRefuses_WritesNothingAndSkipsPostSave()
    {
        bool cleaned = false;
        VmStateDescription<Probe> description = new(ProbeName, 1)
        {
            PreSave = _ => throw new VmStateException("busy"),
            PostSave = _ => cleaned = true,
            Fields = [],
        };
        Assert.Equal("busy", Assert.Throws<VmStateException>(() => Save(description, new Probe())).Message);
        Assert.False(cleaned);
    }

    [Fact]
    public void Load_PostLoadRefuses_SaysOffsetAndHook()
    {
        VmStateDescription<Probe> description = new(ProbeName, 1)
        {
            PostLoad = (_, _) => throw new VmStateException("bad divider", "not 0", "0"),
            Fields = [Field.UInt8<Probe>("a", p => ref p.A)],
        };
        var error = LoadFails(description, new Probe(), [1]);
        Assert.Equal((1L, "not 0", "0"), (error.Offset, error.Expected, error.Found));
        Assert.StartsWith("probe: post_load failed: bad divider", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SetterRefuses_NamesField()
    {
        VmStateDescription<Probe> description = new(ProbeName, 1)
        {
            Fields = [Field.UInt8<Probe>("a", p => p.A, (_, _) => throw new VmStateException("reserved"))],
        };
        Assert.StartsWith("Failed to load probe:a: reserved", LoadFails(description, new Probe(), [1]).Reason, StringComparison.Ordinal);
    }

    private static VmStateDescription<Probe> Logged(string name, List<string> log, FieldRef<Probe, byte> field) => new(name, 1)
    {
        PreSave = _ => log.Add(name + " pre_save"),
        PostSave = _ => log.Add(name + " post_save"),
        PreLoad = _ => log.Add(name + " pre_load"),
        PostLoad = (_, version) => log.Add($"{name} post_load {version}"),
        Fields = [Field.UInt8("value", field)],
    };
}
