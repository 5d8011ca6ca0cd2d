using System.Diagnostics.CodeAnalysis;
using System.Text;
using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>The reader's side of subsections: peeks, and consumes a header only when it belongs to this description.</summary>
internal static class SubsectionReader
{
    /// <summary>Type byte and name length.</summary>
    private const int HeaderStartBytes = 2;

    public static void Load<T>(VmStateDescription<T> parent, T owner, in LoadContext context)
        where T : class
    {
        MigrationReader reader = context.Reader;
        while (TryPeekName(reader, parent.Name, out string? name))
        {
            VmStateDescription<T>? subsection = Find(parent.Subsections, name);
            if (subsection is null)
                throw VmStateErrors.UnknownSubsection(reader, parent.Name, name);

            reader.Skip(HeaderStartBytes + name.Length);
            uint version = reader.ReadUInt32();
            subsection.Load(owner, context, version);
        }
    }

    /// <summary>
    /// True when the next bytes are the header of a subsection whose name goes on from the parent's name.
    /// Anything else is left alone: it may belong to an outer description, or be data that starts with a 5.
    /// </summary>
    private static bool TryPeekName(MigrationReader reader, string parentName, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (!reader.TryPeekByte(0, out byte type) || type != (byte)SectionType.Subsection)
            return false;
        if (!reader.TryPeekByte(1, out byte length) || length <= parentName.Length)
            return false;
        if (!reader.TryPeek(HeaderStartBytes + length, out ReadOnlySpan<byte> header))
            return false;

        string found = Encoding.Latin1.GetString(header[HeaderStartBytes..]);
        if (!found.StartsWith(parentName, StringComparison.Ordinal))
            return false;
        name = found;
        return true;
    }

    private static VmStateDescription<T>? Find<T>(IReadOnlyList<VmStateDescription<T>> subsections, string name)
        where T : class
    {
        foreach (VmStateDescription<T> subsection in subsections)
        {
            if (subsection.Name.Equals(name, StringComparison.Ordinal))
                return subsection;
        }

        return null;
    }
}
