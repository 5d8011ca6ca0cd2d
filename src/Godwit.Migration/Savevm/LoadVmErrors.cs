using Godwit.VmState;
using Godwit.Wire;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Migration;

/// <summary>The container's error texts, in the words each release uses (<c>docs/formats/commands.md</c>, "Refusals").</summary>
internal sealed class LoadVmErrors(MigrationReader reader, PeerProfile profile)
{
    private bool HasContext => profile.HasOneLineErrors;

    public StreamFormatException Magic(uint found, long at) => reader.Error(
        HasContext ? $"Not a migration stream, magic: {found:x} != {StreamConstants.Magic:x}" : "Not a migration stream",
        $"0x{StreamConstants.Magic:x}", $"0x{found:x}", at);

    public StreamFormatException ObsoleteVersion(long at) => reader.Error(
        "SaveVM v2 format is obsolete and cannot be read", Number(StreamConstants.Version), Number(StreamConstants.ObsoleteVersion), at);

    public StreamFormatException Version(uint found, long at) => reader.Error(
        HasContext
            ? $"Unsupported migration stream version, file version {Number(found)} != {Number(StreamConstants.Version)}"
            : "Unsupported migration stream version",
        Number(StreamConstants.Version), Number(found), at);

    public StreamFormatException ConfigurationMissing(byte found, long at) => reader.Error(
        HasContext ? $"Configuration section missing, {found} != {(byte)SectionType.Configuration}" : "Configuration section missing",
        Number((byte)SectionType.Configuration), Number(found), at);

    public StreamFormatException MachineType(string found, string local, long at) =>
        reader.Error($"Machine type received is '{found}' and local is '{local}'", local, found, at);

    public StreamFormatException PageBits(uint found, uint local, long at) => reader.Error(
        $"Received TARGET_PAGE_BITS is {Number(found)} but local is {Number(local)}", Number(local), Number(found), at);

    public StreamFormatException Capability(string name, bool local, long at) => reader.Error(
        $"Capability {name} is {OnOff(local)}, but received capability is {OnOff(!local)}", OnOff(local), OnOff(!local), at);

    public StreamFormatException Uuid(Guid found, Guid local, long at) =>
        reader.Error($"UUID received is {found} and local is {local}", $"{local}", $"{found}", at);

    public StreamFormatException ElementType(byte found, long at) => reader.Error(
        $"Unknown {Savevm}section type {found}", "a section, a command or the end of the stream", Number(found), at);

    public StreamFormatException UnknownId(uint found, long at) => reader.Error(
        $"Unknown {Savevm}section {Number(found)}", "the id of a START section", Number(found), at);

    public StreamFormatException UnknownSection(string idString, uint instanceId, long at) => reader.Error(
        $"Unknown {Savevm}section or instance '{idString}' {Number(instanceId)}. Make sure that your current VM setup matches your saved VM setup, including any hotplugged devices",
        "a section of this machine", $"'{idString}' {Number(instanceId)}", at);

    public StreamFormatException EmptyIdString(uint sectionId, long at) => reader.Error(
        $"Unable to read ID string for section {Number(sectionId)}", "a name", "an empty one", at);

    public StreamFormatException NotIterative(string idString, long at) => reader.Error(
        $"'{idString}' is not sent in rounds", "a FULL section", "a START section", at);

    public StreamFormatException FooterByte(string idString, byte found, long at) => reader.Error(
        $"Missing section footer for {idString}", "0x7e", $"0x{found:x2}", at);

    public StreamFormatException FooterId(string idString, uint found, uint expected, long at) => reader.Error(
        $"Mismatched section id in footer for {idString} - read 0x{found:x} expected 0x{expected:x}", $"0x{expected:x}", $"0x{found:x}", at);

    public StreamFormatException UnknownCommand(ushort found, int length, long at) => reader.Error(
        $"MIG_CMD 0x{found:x} unknown (len 0x{length:x})", "a command from 1 to 11", $"0x{found:x}", at);

    public StreamFormatException CommandLength(string name, int expected, int found, long at) => reader.Error(
        $"{name} received with bad length - expecting {Number((uint)expected)}, got {Number((uint)found)}", Number((uint)expected), Number((uint)found), at);

    private string Savevm => HasContext ? "" : "savevm ";

    private static string OnOff(bool on) => on ? "on" : "off";
}
