using System.Text.Encodings.Web;
using System.Text.Json;

namespace Godwit.Snapshot;

/// <summary>A report as one JSON document.</summary>
internal static class InspectJson
{
    private const int FlushBytes = 1 << 16;

    public static void Write(InspectReport report, Stream output, InspectViewOptions options)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions
        {
            Indented = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            MaxDepth = 1000,
        });
        json.WriteStartObject();
        json.WriteString("format", StreamNames.Format(report.Format));
        json.WriteNumber("bytes", report.Bytes);
        json.WriteBoolean("complete", report.IsComplete);
        if (report.Machine is not null)
            json.WriteString("machine", report.Machine);
        json.WriteNumber("page_size", report.PageSizeBytes);
        WriteConfiguration(json, report);
        WriteBlocks(json, report);
        WritePages(json, "pages", report.Pages);
        WriteItems(json, report.Items, options);
        WriteErrors(json, report);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private static void WriteConfiguration(Utf8JsonWriter json, InspectReport report)
    {
        json.WriteStartObject("configuration");
        json.WriteStartArray("capabilities");
        foreach (string capability in report.Capabilities)
            json.WriteStringValue(capability);
        json.WriteEndArray();
        if (report.Uuid is Guid uuid)
            json.WriteString("uuid", uuid);
        else
            json.WriteNull("uuid");
        json.WriteEndObject();
    }

    private static void WriteBlocks(Utf8JsonWriter json, InspectReport report)
    {
        json.WriteStartArray("ram_blocks");
        foreach (RamBlockInfo block in report.RamBlocks)
        {
            json.WriteStartObject();
            json.WriteString("name", block.Name);
            json.WriteNumber("used_length", block.UsedLengthBytes);
            json.WriteNumber("page_size", block.PageSizeBytes);
            if (block.GuestAddress is ulong address)
                json.WriteNumber("guest_address", address);
            if (block.BitmapOffset is long bitmap)
                json.WriteNumber("bitmap_offset", bitmap);
            if (block.PagesOffset is long pages)
                json.WriteNumber("pages_offset", pages);
            if (block.Pages is PageCounts counts)
                WritePages(json, "pages", counts);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePages(Utf8JsonWriter json, string name, PageCounts pages)
    {
        json.WriteStartObject(name);
        json.WriteNumber("normal", pages.Normal);
        json.WriteNumber("zero", pages.Zero);
        json.WriteNumber("xbzrle", pages.Xbzrle);
        json.WriteNumber("compressed", pages.Compressed);
        json.WriteEndObject();
    }

    private static void WriteItems(Utf8JsonWriter json, IReadOnlyList<StreamItem> items, InspectViewOptions options)
    {
        json.WriteStartArray("items");
        foreach (StreamItem item in items)
        {
            if (options.Shows(item))
                WriteItem(json, item, options);
            if (json.BytesPending > FlushBytes)
                json.Flush();
        }

        json.WriteEndArray();
    }

    private static void WriteItem(Utf8JsonWriter json, StreamItem item, InspectViewOptions options)
    {
        json.WriteStartObject();
        json.WriteString("kind", StreamNames.Kind(item.Kind));
        json.WriteNumber("offset", item.Offset);
        json.WriteNumber("length", item.Length);
        if (item.IdString is not null)
            json.WriteString("idstr", item.IdString);
        WriteOptional(json, "instance_id", item.InstanceId);
        WriteOptional(json, "section_id", item.SectionId);
        WriteOptional(json, "version_id", item.VersionId);
        if (item.Command is not null)
            json.WriteString("command", item.Command);
        if (!item.Payload.IsEmpty)
            json.WriteString("payload", Convert.ToHexStringLower(item.Payload.Span));
        if (item.Pages is PageCounts pages)
            WritePages(json, "pages", pages);
        if (options.ShowPages && item.PageRuns is { } runs)
            WriteRuns(json, runs);
        if (item.Body is StreamBody body)
            WriteFields(json, body, options);
        if (item.IsBodyDropped)
            json.WriteBoolean("fields_complete", value: false);
        if (item.Items is { } nested)
            WriteItems(json, nested, options);
        json.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, uint? value)
    {
        if (value is uint number)
            json.WriteNumber(name, number);
    }

    private static void WriteRuns(Utf8JsonWriter json, IReadOnlyList<StreamPageRun> runs)
    {
        json.WriteStartArray("page_runs");
        foreach (StreamPageRun run in runs)
        {
            json.WriteStartObject();
            json.WriteString("block", run.Block);
            json.WriteString("kind", StreamNames.Page(run.Kind));
            json.WriteNumber("block_offset", run.BlockOffset);
            json.WriteNumber("count", run.Count);
            json.WriteNumber("offset", run.StreamOffset);
            json.WriteEndObject();
            if (json.BytesPending > FlushBytes)
                json.Flush();
        }

        json.WriteEndArray();
    }

    private static void WriteFields(Utf8JsonWriter json, StreamBody body, InspectViewOptions options)
    {
        json.WriteStartArray("fields");
        foreach (StreamField field in body.Fields)
            WriteField(json, field, options);
        foreach (StreamBody subsection in body.Subsections)
        {
            json.WriteStartObject();
            json.WriteString("name", subsection.Name);
            json.WriteString("type", "subsection");
            json.WriteNumber("offset", subsection.Offset);
            json.WriteNumber("size", subsection.Length);
            json.WriteNumber("version_id", subsection.Version);
            WriteFields(json, subsection, options);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteField(Utf8JsonWriter json, StreamField field, InspectViewOptions options)
    {
        json.WriteStartObject();
        json.WriteString("name", field.Name);
        json.WriteString("type", field.Type);
        json.WriteNumber("offset", field.Offset);
        json.WriteNumber("size", field.Size);
        if (field.Bodies is { } bodies)
            WriteBodies(json, field, bodies, options);
        else
            WriteValue(json, field, options);
        json.WriteEndObject();
        if (json.BytesPending > FlushBytes)
            json.Flush();
    }

    /// <summary>One struct has its fields in place; elements of arrays and containers are objects in "value".</summary>
    private static void WriteBodies(Utf8JsonWriter json, StreamField field, IReadOnlyList<StreamBody> bodies, InspectViewOptions options)
    {
        bool isSingle = field.ArrayLength is null && bodies.Count == 1 && field.Type is "struct" or "vstruct" or "tmp";
        if (isSingle)
        {
            WriteFields(json, bodies[0], options);
            return;
        }

        json.WriteStartArray("value");
        for (int i = 0; i < bodies.Count; i++)
        {
            json.WriteStartObject();
            if (field.Keys is { } keys && i < keys.Count)
                json.WriteNumber("key", keys[i]);
            json.WriteNumber("offset", bodies[i].Offset);
            json.WriteNumber("size", bodies[i].Length);
            WriteFields(json, bodies[i], options);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter json, StreamField field, InspectViewOptions options)
    {
        if (field.Texts is { } texts && field.ArrayLength is null)
        {
            json.WriteString("value", texts.Count == 0 ? "" : texts[0]);
        }
        else if (field.Texts is { } list)
        {
            json.WriteStartArray("value");
            foreach (string text in list)
                json.WriteStringValue(text);
            json.WriteEndArray();
        }
        else if (field.Shape == ScalarShape.Bytes || field.IsCut)
        {
            json.WriteString("value", FieldValues.Hex(field, options.Full));
        }
        else if (field.ArrayLength is null)
        {
            json.WritePropertyName("value");
            WriteNumber(json, field, 0);
        }
        else
        {
            json.WriteStartArray("value");
            for (int i = 0; i < field.ElementCount; i++)
                WriteNumber(json, field, i);
            json.WriteEndArray();
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, StreamField field, int index)
    {
        long number = field.GetNumber(index);
        if (field.Shape == ScalarShape.UnsignedNumber)
            json.WriteNumberValue(unchecked((ulong)number));
        else
            json.WriteNumberValue(number);
    }

    private static void WriteErrors(Utf8JsonWriter json, InspectReport report)
    {
        json.WriteStartArray("errors");
        foreach (InspectError error in report.Errors)
        {
            json.WriteStartObject();
            json.WriteNumber("offset", error.Offset);
            json.WriteString("section", error.Section);
            json.WriteString("reason", error.Reason);
            json.WriteString("expected", error.Expected);
            json.WriteString("found", error.Found);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
