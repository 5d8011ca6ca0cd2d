using Godwit.Migration;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Snapshot;

/// <summary>Writes decoded items again: what the inspector understood gives the bytes that it read.</summary>
/// <remarks>Pages are not kept by an inspection, so RAM sections cannot be written from a report.</remarks>
public static class StreamRewriter
{
    /// <summary>Whether an item can be written from its decoded form alone.</summary>
    public static bool CanWrite(StreamItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return item.Kind switch
        {
            StreamItemKind.Start or StreamItemKind.Part or StreamItemKind.End or StreamItemKind.Full =>
                item.Body is not null && !item.IsBodyDropped,
            StreamItemKind.Command => item.Items is null || item.Items.All(CanWrite),
            StreamItemKind.Packet or StreamItemKind.Message => false,
            StreamItemKind.VmDescription => item.Description is not null,
            _ => true,
        };
    }

    /// <summary>Writes one item.</summary>
    /// <param name="item">An item of a report for which <see cref="CanWrite"/> holds.</param>
    /// <param name="writer">Where it goes.</param>
    /// <param name="hasFooters">Sections end with a footer.</param>
    /// <exception cref="InvalidOperationException">The item was not decoded or not kept whole.</exception>
    public static void Write(StreamItem item, MigrationWriter writer, bool hasFooters = true)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(writer);
        if (!CanWrite(item))
            throw new InvalidOperationException($"item {item.Kind} at offset {item.Offset} was not kept whole");
        switch (item.Kind)
        {
            case StreamItemKind.Header:
                // The first message of a multifd channel has its UUID and number behind magic and version.
                writer.WriteUInt32(item.Payload.IsEmpty ? StreamConstants.Magic : MultiFdFormat.Magic);
                writer.WriteUInt32(item.VersionId!.Value);
                writer.Write(item.Payload.Span);
                break;
            case StreamItemKind.Configuration:
                writer.WriteByte((byte)SectionType.Configuration);
                WriteBody(item.Body!, writer);
                break;
            case StreamItemKind.Command:
                WriteCommand(item, writer, hasFooters);
                break;
            case StreamItemKind.Eof:
                writer.WriteByte((byte)SectionType.Eof);
                break;
            case StreamItemKind.VmDescription:
                WriteDescription(item.Description!, writer);
                break;
            default:
                WriteSection(item, writer, hasFooters);
                break;
        }
    }

    private static void WriteSection(StreamItem item, MigrationWriter writer, bool hasFooters)
    {
        SectionType type = item.Kind switch
        {
            StreamItemKind.Start => SectionType.Start,
            StreamItemKind.Part => SectionType.Part,
            StreamItemKind.End => SectionType.End,
            _ => SectionType.Full,
        };
        writer.WriteByte((byte)type);
        writer.WriteUInt32(item.SectionId!.Value);
        if (type is SectionType.Start or SectionType.Full)
        {
            writer.WriteCountedString(item.IdString!);
            writer.WriteUInt32(item.InstanceId!.Value);
            writer.WriteUInt32(item.VersionId!.Value);
        }

        WriteBody(item.Body!, writer);
        if (!hasFooters)
            return;
        writer.WriteByte((byte)SectionType.Footer);
        writer.WriteUInt32(item.SectionId.Value);
    }

    private static void WriteCommand(StreamItem item, MigrationWriter writer, bool hasFooters)
    {
        writer.WriteByte((byte)SectionType.Command);
        writer.WriteUInt16((ushort)MigrationCommandFormat.FindByName(item.Command!));
        writer.WriteUInt16((ushort)item.Payload.Length);
        writer.Write(item.Payload.Span);
        foreach (StreamItem nested in item.Items ?? [])
            Write(nested, writer, hasFooters);
    }

    private static void WriteDescription(StreamDescription description, MigrationWriter writer)
    {
        ReadOnlyMemory<byte> text = DescriptionText.Write(description);
        writer.WriteByte((byte)SectionType.VmDescription);
        writer.WriteUInt32((uint)text.Length);
        writer.Write(text.Span);
    }

    private static void WriteBody(StreamBody body, MigrationWriter writer)
    {
        foreach (StreamField field in body.Fields)
            WriteField(field, writer);
        foreach (StreamBody subsection in body.Subsections)
        {
            writer.WriteByte((byte)SectionType.Subsection);
            writer.WriteCountedString(subsection.Name);
            writer.WriteUInt32(subsection.Version);
            WriteBody(subsection, writer);
        }
    }

    private static void WriteField(StreamField field, MigrationWriter writer)
    {
        switch (field.Type)
        {
            case "qtailq" or "qlist" when field.Bodies is { } elements:
                foreach (StreamBody element in elements)
                {
                    writer.WriteByte(1);
                    WriteBody(element, writer);
                }

                writer.WriteByte(0);
                break;
            case "gtree" when field.Bodies is { } nodes:
                WriteTree(field, nodes, writer);
                break;
            case "capability" or "string" when field.Texts is { } texts:
                foreach (string text in texts)
                    writer.WriteCountedString(text);
                break;
            default:
                if (field.Bodies is { } bodies)
                {
                    foreach (StreamBody body in bodies)
                        WriteBody(body, writer);
                }
                else
                {
                    WriteLeaf(field, writer);
                }

                break;
        }
    }

    private static void WriteTree(StreamField field, IReadOnlyList<StreamBody> nodes, MigrationWriter writer)
    {
        int bodiesPerNode = field.Keys is null ? 2 : 1;
        writer.WriteUInt32((uint)(nodes.Count / bodiesPerNode));
        for (int i = 0; i < nodes.Count; i++)
        {
            if (i % bodiesPerNode == 0)
                writer.WriteByte(1);
            if (field.Keys is { } keys)
                writer.WriteUInt64(keys[i]);
            WriteBody(nodes[i], writer);
        }

        writer.WriteByte(0);
    }

    private static void WriteLeaf(StreamField field, MigrationWriter writer)
    {
        if (field.Shape == ScalarShape.Bytes)
        {
            writer.Write(field.Data.Span);
            return;
        }

        for (int i = 0; i < field.ElementCount; i++)
        {
            ulong number = unchecked((ulong)field.GetNumber(i));
            switch (field.ElementSize)
            {
                case 1:
                    writer.WriteByte(unchecked((byte)number));
                    break;
                case 2:
                    writer.WriteUInt16(unchecked((ushort)number));
                    break;
                case 4:
                    writer.WriteUInt32(unchecked((uint)number));
                    break;
                default:
                    writer.WriteUInt64(number);
                    break;
            }
        }
    }
}
