using System.Buffers.Binary;
using System.Text;

namespace Godwit.Machine;

/// <summary>A node of a flattened device tree under construction.</summary>
/// <remarks>
/// A property or child that is added comes to lie before those that are there, and a name enters the string table when it is first used: so the
/// order of calls decides every byte of the blob.
/// </remarks>
public sealed class DeviceTreeNode
{
    private readonly DeviceTreeStrings _strings;
    private readonly List<(string Name, byte[] Value)> _properties = [];
    private readonly List<DeviceTreeNode> _children = [];

    internal DeviceTreeNode(string name, DeviceTreeStrings strings)
    {
        Name = name;
        _strings = strings;
    }

    /// <summary>Name with the unit address; empty for the root.</summary>
    public string Name { get; }

    /// <summary>Properties, last added first.</summary>
    public IEnumerable<(string Name, byte[] Value)> Properties => _properties.AsEnumerable().Reverse();

    /// <summary>Children, last added first.</summary>
    public IEnumerable<DeviceTreeNode> Children => _children.AsEnumerable().Reverse();

    /// <summary>Adds a child.</summary>
    public DeviceTreeNode AddChild(string name)
    {
        var child = new DeviceTreeNode(name, _strings);
        _children.Add(child);
        return child;
    }

    /// <summary>Finds a child by its whole name, or null.</summary>
    public DeviceTreeNode? Find(string name) => _children.Find(c => string.Equals(c.Name, name, StringComparison.Ordinal));

    /// <summary>Sets a property to raw bytes.</summary>
    public void Set(string name, byte[] value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        _strings.Intern(name);
        int index = _properties.FindIndex(p => string.Equals(p.Name, name, StringComparison.Ordinal));
        if (index < 0)
            _properties.Add((name, value));
        else
            _properties[index] = (name, value);
    }

    /// <summary>Sets a property without a value.</summary>
    public void SetFlag(string name) => Set(name, []);

    /// <summary>Sets a property to 32-bit cells.</summary>
    public void SetCells(string name, params ReadOnlySpan<uint> cells)
    {
        var value = new byte[4 * cells.Length];
        for (int i = 0; i < cells.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(value.AsSpan(4 * i), cells[i]);
        Set(name, value);
    }

    /// <summary>Sets a property to one 64-bit number.</summary>
    public void SetUInt64(string name, ulong number) => SetCells(name, (uint)(number >> 32), (uint)number);

    /// <summary>Sets a property to strings, each ended by a zero byte.</summary>
    public void SetStrings(string name, params ReadOnlySpan<string> values)
    {
        var bytes = new List<byte>();
        foreach (string value in values)
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(value));
            bytes.Add(0);
        }

        Set(name, [.. bytes]);
    }

    /// <summary>Sets <c>reg</c> to pairs of a 64-bit address and a 64-bit size.</summary>
    public void SetReg(params ReadOnlySpan<(ulong Address, ulong Size)> ranges)
    {
        var cells = new uint[4 * ranges.Length];
        for (int i = 0; i < ranges.Length; i++)
        {
            cells[4 * i] = (uint)(ranges[i].Address >> 32);
            cells[(4 * i) + 1] = (uint)ranges[i].Address;
            cells[(4 * i) + 2] = (uint)(ranges[i].Size >> 32);
            cells[(4 * i) + 3] = (uint)ranges[i].Size;
        }

        SetCells("reg", cells);
    }
}
