namespace Godwit.Vmm;

/// <summary>What the machine's RAM is made of, when the user says so.</summary>
/// <param name="Id">The backend's name, which the RAM block takes on the wire.</param>
/// <param name="FilePath">The file that is the memory; null for memory without a name in the file system.</param>
/// <param name="IsShared">Whether other processes can map the memory; a file always can be.</param>
public sealed record MemoryBackend(string Id, string? FilePath = null, bool IsShared = false);
