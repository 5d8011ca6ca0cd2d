using System.Text;

namespace Godwit.Machine;

/// <summary>The string table of a device tree: names in the order of their first use; a name that is the end of another one shares its bytes.</summary>
internal sealed class DeviceTreeStrings
{
    private readonly List<byte> _bytes = [];

    public ReadOnlySpan<byte> Bytes => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_bytes);

    public uint Intern(string name)
    {
        byte[] wanted = [.. Encoding.ASCII.GetBytes(name), 0];
        int found = Bytes.IndexOf(wanted);
        if (found >= 0)
            return (uint)found;
        _bytes.AddRange(wanted);
        return (uint)(_bytes.Count - wanted.Length);
    }
}
