namespace Godwit.Cli;

/// <summary>A <c>-drive</c>: the file behind a disk.</summary>
/// <param name="Id">What devices call it.</param>
/// <param name="Path">The raw file.</param>
/// <param name="IsReadOnly">Whether the guest may not write.</param>
/// <param name="StopsOnError">Whether the machine keeps a request that failed on the host.</param>
internal sealed record DriveSetting(string Id, string Path, bool IsReadOnly, bool StopsOnError);
