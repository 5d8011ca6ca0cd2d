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
    /// <summary>A machine of a dozen devices; the room is there before the guest is stopped.</summary>
    private const int InitialBytes = 64 * 1024;

    /// <summary>The longest 64-bit number with its sign.</summary>
    private const int NumberBytes = 20;

    private byte[] _text = new byte[InitialBytes];
    private int _length;
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
        Append("{"u8);
    }

    /// <summary>The release whose rules are followed.</summary>
    public PeerProfile Profile => _profile;

    /// <summary>Where the configuration section's body is described: this object, or null for a release that does not describe it.</summary>
    public VmDescriptionWriter? ForConfiguration => _profile.DescriptionHasConfiguration ? this : null;

    /// <summary>Opens the description of the configuration section; does nothing for a release that does not describe it.</summary>
    public void BeginConfiguration()
    {
        if (_profile.DescriptionHasConfiguration)
            OpenKeyed("configuration"u8, "{"u8);
    }

    /// <summary>Ends the description of the configuration section.</summary>
    public void EndConfiguration()
    {
        if (_profile.DescriptionHasConfiguration)
            Close("}"u8);
    }

    /// <summary>Describes a FULL section with an opaque body.</summary>
    /// <param name="idString">The section's idstr.</param>
    /// <param name="instanceId">The section's instance id.</param>
    /// <param name="lengthBytes">Length of the body.</param>
    public void WriteOpaqueDevice(string idString, uint instanceId, long lengthBytes)
    {
        BeginDevice(idString, instanceId);
        Number("size"u8, lengthBytes);
        OpenKeyed("fields"u8, "["u8);
        BeginObject();
        Text("name"u8, "data");
        Number("size"u8, lengthBytes);
        Text("type"u8, "buffer");
        EndObject();
        Close("]"u8);
        EndDevice();
    }

    /// <summary>Closes the document.</summary>
    /// <returns>The JSON text, without a terminator.</returns>
    public ReadOnlyMemory<byte> Complete()
    {
        if (!_isComplete)
        {
            OpenDevices();
            Close("]"u8);
            Append("}"u8);
            _isComplete = true;
        }

        return _text.AsMemory(0, _length);
    }

    internal void BeginDevice(string idString, uint instanceId)
    {
        OpenDevices();
        BeginObject();
        Text("name"u8, idString);
        Number("instance_id"u8, unchecked((int)instanceId));
    }

    internal void EndDevice() => EndObject();

    internal void BeginBody(string descriptionName, uint version)
    {
        Text("vmsd_name"u8, descriptionName);
        Number("version"u8, version);
        OpenKeyed("fields"u8, "["u8);
    }

    internal void EndFields() => Close("]"u8);

    internal void BeginSubsections() => OpenKeyed("subsections"u8, "["u8);

    internal void EndSubsections() => Close("]"u8);

    internal void BeginObject()
    {
        Separate();
        Append("{"u8);
        _needsComma = false;
    }

    internal void EndObject() => Close("}"u8);

    internal void BeginStruct() => OpenKeyed("struct"u8, "{"u8);

    /// <summary>Opens a field's object: name, run length or index, type.</summary>
    internal void BeginField(string name, bool compressible, int elementsPassed, int index, string type)
    {
        BeginObject();
        Text("name"u8, name);
        if (elementsPassed > 1)
            Number(compressible ? "array_len"u8 : "index"u8, compressible ? elementsPassed : index);
        Text("type"u8, type);
    }

    internal void EndField(long sizeBytes)
    {
        Number("size"u8, sizeBytes);
        EndObject();
    }

    private void OpenDevices()
    {
        if (_hasDevices)
            return;
        _hasDevices = true;
        Number("page_size"u8, _pageSizeBytes);
        OpenKeyed("devices"u8, "["u8);
    }

    private void OpenKeyed(ReadOnlySpan<byte> key, ReadOnlySpan<byte> bracket)
    {
        Key(key);
        Append(bracket);
        _needsComma = false;
    }

    private void Close(ReadOnlySpan<byte> bracket)
    {
        Append(bracket);
        _needsComma = true;
    }

    private void Number(ReadOnlySpan<byte> key, long value)
    {
        Key(key);
        value.TryFormat(Room(NumberBytes), out int written, default, CultureInfo.InvariantCulture);
        _length += written;
        _needsComma = true;
    }

    private void Text(ReadOnlySpan<byte> key, string value)
    {
        Key(key);
        Quoted(value);
        _needsComma = true;
    }

    private void Key(ReadOnlySpan<byte> key)
    {
        Separate();
        Append("\""u8);
        Append(key);
        Append("\": "u8);
    }

    private void Separate()
    {
        if (_needsComma)
            Append(", "u8);
    }

    private void Quoted(string value)
    {
        Append("\""u8);
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

        Append("\""u8);
    }

    private static string Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        < ' ' or > '~' => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
        _ => c.ToString(),
    };

    private void Append(string text) => _length += Encoding.ASCII.GetBytes(text, Room(text.Length));

    private void Append(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room(text.Length));
        _length += text.Length;
    }

    private Span<byte> Room(int count)
    {
        if (_text.Length - _length < count)
            Array.Resize(ref _text, Math.Max(_text.Length * 2, _length + count));
        return _text.AsSpan(_length);
    }
}
