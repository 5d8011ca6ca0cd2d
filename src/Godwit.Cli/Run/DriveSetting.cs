using Godwit.Machine;

namespace Godwit.Cli;

/// <summary>A <c>-drive</c>: the file behind a disk.</summary>
/// <param name="Id">What devices call it.</param>
/// <param name="Path">The raw file.</param>
/// <param name="IsReadOnly">Whether the guest may not write.</param>
/// <param name="WriteErrors">What happens when a write fails on the host; null for the usual.</param>
/// <param name="ReadErrors">What happens when a read fails on the host; null for the usual.</param>
internal sealed record DriveSetting(string Id, string Path, bool IsReadOnly, DiskErrorAction? WriteErrors, DiskErrorAction? ReadErrors);
