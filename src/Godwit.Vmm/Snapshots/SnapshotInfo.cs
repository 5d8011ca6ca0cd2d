namespace Godwit.Vmm;

/// <summary>A snapshot in a <see cref="SnapshotStore"/>.</summary>
/// <param name="Id">Number in the store, from 1; names its file.</param>
/// <param name="Tag">The user's name for it.</param>
/// <param name="SavedAt">When it was saved.</param>
/// <param name="Clock">How long the guest had run by its own clock.</param>
/// <param name="SizeBytes">Length of its stream.</param>
public sealed record SnapshotInfo(int Id, string Tag, DateTimeOffset SavedAt, TimeSpan Clock, long SizeBytes);
