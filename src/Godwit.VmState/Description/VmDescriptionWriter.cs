using System.Buffers;
using System.Globalization;
using System.Text;

namespace Godwit.VmState;

/// <summary>Makes the JSON description at the end of a stream while the devices are saved.</summary>
/// <remarks>
/// One line, ", " and ": " as separators, the key order of QEMU (docs/formats/vmstate.md, "JSON").
/// Call order: <see cref="BeginConfiguration"/> and <see cref="EndConfiguration"/> if the profile asks for it, devices,
/// <see cref="Complete"/>.
/// </remarks>
public sealed class VmDescriptionWriter
{
    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly PeerProfile _profile;
    private readonly long _pageSizeBytes;
    private bool _needsComma;
    private bool _hasDevices;
    private bool _isComplete;

    /// <summary>Opens the document.</summary>
    /// <param name="profile">The release whose rules are followed.</param>
    /// <param name="pageSizeBytes">The target page size.</param>
    public VmDescriptionWriter(PeerProfile profile, long pageSizeBytes)
    {
        ArgumentNullException.ThrowIfNull(profile);
        _profile = profile;
        _pageSizeBytes = pageSizeBytes;
        Append("{");
    }

    /// <summary>The release whose rules are followed.</summary>
    public PeerProfile Profile => _profile;

    /// <summary>Where the configuration section's body is described: this object, or null for a release that does not describe it.</summary>
    public VmDescriptionWriter? ForConfiguration => _profile.DescriptionHasConfiguration ? this : null;

    /// <summary>Opens the description of the configuration section; does nothing for a release that does not describe it.</summary>
    public void BeginConfiguration()
    {
        if (_profile.DescriptionHasConfiguration)
            OpenKeyed("configuration", "{");
    }

    /// <summary>Ends the description of the configuration section.</summary>
    public void EndConfiguration()
    {
        if (_profile.DescriptionHasConfiguration)
            Close("}");
    }

    /// <summary>Describes a FULL section with an opaque body.</summary>
    /// <param name="idString">The section's idstr.</param>
    /// <param name="instanceId">The section's instance id.</param>
    /// <param name="lengthBytes">Length of the body.</param>
    public void WriteOpaqueDevice(string idString, uint instanceId, long lengthBytes)
    {
        BeginDevice(idString, instanceId);
        Number("size", lengthBytes);
        OpenKeyed("fields", "[");
        BeginObject();
        Text("name", "data");
        Number("size", lengthBytes);
        Text("type", "buffer");
        EndObject();
        Close("]");
        EndDevice();
    }

    /// <summary>Closes the document.</summary>
    /// <returns>The JSON text, without a terminator.</returns>
    public ReadOnlyMemory<byte> Complete()
    {
        if (!_isComplete)
        {
            OpenDevices();
            Close("]");
            Append("}");
            _isComplete = true;
        }

        return _text.WrittenMemory;
    }

    internal void BeginDevice(string idString, uint instanceId)
    {
        OpenDevices();
        BeginObject();
        Text("name", idString);
        Number("instance_id", unchecked((int)instanceId));
    }

    internal void EndDevice() => EndObject();

    internal void BeginBody(string descriptionName, uint version)
    {
        Text("vmsd_name", descriptionName);
        Number("version", version);
        OpenKeyed("fields", "[");
    }

    internal void EndFields() => Close("]");

    internal void BeginSubsections() => OpenKeyed("subsections", "[");

    internal void EndSubsections() => Close("]");

    internal void BeginObject()
    {
        Separate();
        Append("{");
        _needsComma = false;
    }

    internal void EndObject() => Close("}");

    internal void BeginStruct() => OpenKeyed("struct", "{");

    /// <summary>Opens a field's object: name, run length or index, type.</summary>
    internal void BeginField(string name, bool compressible, int elementsPassed, int index, string type)
    {
        BeginObject();
        Text("name", name);
        if (elementsPassed > 1)
            Number(compressible ? "array_len" : "index", compressible ? elementsPassed : index);
        Text("type", type);
    }

    internal void EndField(long sizeBytes)
    {
        Number("size", sizeBytes);
        EndObject();
    }

    private void OpenDevices()
    {
        if (_hasDevices)
            return;
        _hasDevices = true;
        Number("page_size", _pageSizeBytes);
        OpenKeyed("devices", "[");
    }

    private void OpenKeyed(string key, string bracket)
    {
        Key(key);
        Append(bracket);
        _needsComma = false;
    }

    private void Close(string bracket)
    {
        Append(bracket);
        _needsComma = true;
    }

    private void Number(string key, long value)
    {
        Key(key);
        Append(value.ToString(CultureInfo.InvariantCulture));
        _needsComma = true;
    }

    private void Text(string key, string value)
    {
        Key(key);
        Quoted(value);
        _needsComma = true;
    }

    private void Key(string key)
    {
        Separate();
        Quoted(key);
        Append(": ");
    }

    private void Separate()
    {
        if (_needsComma)
            Append(", ");
    }

    private void Quoted(string value)
    {
        Append("\"");
        int plain = value.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        if (plain < 0 && value.AsSpan().IndexOfAny('"', '\\') < 0)
        {
            Append(value);
        }
        else
        {
            foreach (char c in value)
                Append(Escape(c));
        }

        Append("\"");
    }

    private static string Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        < ' ' or > '~' => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
        _ => c.ToString(),
    };

    private void Append(string text) => Encoding.ASCII.GetBytes(text, _text);
}
