using System.Runtime.InteropServices;

namespace Godwit.Machine;

/// <summary>A run of guest memory that a request refers to.</summary>
/// <param name="Address">Guest physical address.</param>
/// <param name="LengthBytes">Length in bytes.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct VirtioSegment(ulong Address, uint LengthBytes);
