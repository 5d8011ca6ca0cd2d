using System.Runtime.InteropServices;

namespace Godwit.Migration;

/// <summary>What a command or a message of the return path is called, and how long its payload may be.</summary>
/// <param name="Name">The name in the protocol.</param>
/// <param name="LeastBytes">Shortest payload.</param>
/// <param name="MostBytes">Longest payload.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MessageLayout(string Name, int LeastBytes, int MostBytes)
{
    /// <summary>Whether every payload has the same length, <see cref="LeastBytes"/>.</summary>
    public bool HasFixedLength => LeastBytes == MostBytes;

    /// <summary>Whether a payload may be so long.</summary>
    public bool Fits(int length) => length >= LeastBytes && length <= MostBytes;
}
