namespace Godwit.Machine;

/// <summary>Bytes that are put into guest memory at each reset: firmware, kernel, device tree, the boot code.</summary>
/// <param name="Name">What it is, for messages.</param>
/// <param name="Address">Guest physical address.</param>
/// <param name="Content">The bytes.</param>
internal sealed record RomBlob(string Name, ulong Address, ReadOnlyMemory<byte> Content);
