using FsCheck;
using FsCheck.Fluent;

namespace Godwit.Memory.Tests;

/// <summary>Properties of structures that are built from a random seed; a failure names the seed.</summary>
internal static class Seeds
{
    internal static void ForAll(Func<int, bool> holds, int count = 200)
        => Check.One(Config.QuickThrowOnFailure.WithMaxTest(count), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), holds));
}
