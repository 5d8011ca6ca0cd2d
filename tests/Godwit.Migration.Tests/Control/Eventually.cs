using System.Diagnostics;

namespace Godwit.Migration.Tests.Control;

/// <summary>Waits for a condition with a deadline.</summary>
internal static class Eventually
{
    public static void Holds(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < MigrationPair.Deadline, $"never happened: {what}");
            Thread.Yield();
        }
    }

    public static void Reaches(OutgoingMigration migration, MigrationStatus status) =>
        Holds(() => migration.Status == status, $"{status}, but {migration.Status} {migration.ErrorDescription}");
}
