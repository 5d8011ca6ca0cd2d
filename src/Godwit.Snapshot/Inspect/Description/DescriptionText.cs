using System.Buffers;
using System.Globalization;
using System.Text;

namespace Godwit.Snapshot;

/// <summary>Writes a parsed description as QEMU writes it: key order, separators, one line.</summary>
internal sealed class DescriptionText
{
    private readonly ArrayBufferWriter<byte> _text = new();
    private bool _needsComma;

    public static ReadOnlyMemory<byte> Write(StreamDescription description)
    {
        var writer = new DescriptionText();
        writer.Document(description);
        return writer._text.WrittenMemory;
    }

    private void Document(StreamDescription description)
    {
        Open("{");
        if (description.Configuration is DescribedBody configuration)
            Keyed("configuration", "{", "}", () => Body(configuration));
        if (description.PageSize is long pageSize)
            Number("page_size", pageSize);
        Keyed("devices", "[", "]", () =>
        {
            foreach (DescribedDevice device in description.Devices)
                Object(() => Device(device));
        });
        Close("}");
    }

    private void Device(DescribedDevice device)
    {
        Quote("name", device.Name);
        Number("instance_id", device.InstanceId);
        if (device.OpaqueSize is not long size)
        {
            Body(device.Body);
            return;
        }

        Number("size", size);
        Keyed("fields", "[", "]", () =>
        {
            foreach (DescribedField field in device.Body.Fields)
            {
                Object(() =>
                {
                    Quote("name", field.Name);
                    Number("size", field.Size);
                    Quote("type", field.Type);
                });
            }
        });
    }

    private void Body(DescribedBody body)
    {
        Quote("vmsd_name", body.Name);
        Number("version", body.Version);
        Keyed("fields", "[", "]", () =>
        {
            foreach (DescribedField field in body.Fields)
                Object(() => Field(field));
        });
        if (body.Subsections is not { } subsections)
            return;
        Keyed("subsections", "[", "]", () =>
        {
            foreach (DescribedBody subsection in subsections)
                Object(() => Body(subsection));
        });
    }

    private void Field(DescribedField field)
    {
        Quote("name", field.Name);
        if (field.ArrayLength is long length)
            Number("array_len", length);
        if (field.Index is long index)
            Number("index", index);
        Quote("type", field.Type);
        foreach (DescribedBody body in field.Bodies ?? [])
        {
            if (field.IsStruct)
                Keyed("struct", "{", "}", () => Body(body));
            else
                Body(body);
        }

        Number("size", field.Size);
    }

    private void Object(Action content)
    {
        Separate();
        Open("{");
        content();
        Close("}");
    }

    private void Keyed(string key, string open, string close, Action content)
    {
        Key(key);
        Open(open);
        content();
        Close(close);
    }

    private void Number(string key, long value)
    {
        Key(key);
        Append(value.ToString(CultureInfo.InvariantCulture));
        _needsComma = true;
    }

    private void Quote(string key, string value)
    {
        Key(key);
        Append("\"");
        Append(System.Text.Json.JsonEncodedText.Encode(value, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value);
        Append("\"");
        _needsComma = true;
    }

    private void Key(string key)
    {
        Separate();
        Append("\"");
        Append(key);
        Append("\": ");
        _needsComma = false;
    }

    private void Separate()
    {
        if (_needsComma)
            Append(", ");
    }

    private void Open(string bracket)
    {
        Append(bracket);
        _needsComma = false;
    }

    private void Close(string bracket)
    {
        Append(bracket);
        _needsComma = true;
    }

    private void Append(string text) => Encoding.UTF8.GetBytes(text, _text);
}
