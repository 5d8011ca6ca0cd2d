using System.Text;
using Godwit.Migration;

namespace Godwit.Fuzz;

/// <summary>Reads an accepted migration stream again, by hand, and finds out what the destination has to be like now.</summary>
internal sealed class StreamModel(StreamSettings settings, FuzzMachine machine)
{
    public const string Machine = "virt-10.0";
    public const string DevicePath = "0000:00:01.0";
    public const uint ArraysAlias = 7;

    private const string Stub = FuzzStub.IdString;
    private const string GlobalState = "globalstate";
    private const int GlobalStateBytes = 104;

    private readonly Dictionary<string, (uint Id, uint Version)> _started = new(StringComparer.Ordinal);
    private string? _last;

    public static Guid Uuid { get; } = Guid.Parse("11111111-2222-3333-4444-555555555555");

    public IReadOnlyList<FuzzDevice> Devices { get; } = [.. FuzzDescriptions.All.Select(_ => new FuzzDevice())];

    public RamModel Ram { get; } = new(machine, new RamOptions(settings.Capabilities.PostcopyRam, settings.Capabilities.IgnoreShared));

    /// <summary>What the destination answered.</summary>
    public StringBuilder Answers { get; } = new();

    public long StubBytes { get; private set; }

    public bool IsSwitchedOver { get; private set; }

    /// <summary>Reads up to the byte that ends the sections; what comes then is for tools.</summary>
    public void Read(ByteCursor bytes)
    {
        Require(bytes.U32() == 0x5145564d && bytes.U32() == 3 && bytes.U8() == 7, "head");
        ReadConfiguration(bytes);
        while (true)
        {
            byte type = bytes.U8();
            switch (type)
            {
                case 0:
                    return;
                case 1 or 4:
                    ReadStartOrFull(bytes, isStart: type == 1);
                    break;
                case 2 or 3:
                    ReadContinued(bytes);
                    break;
                case 8:
                    ReadCommand(bytes);
                    break;
                default:
                    throw new FuzzFailureException($"accepted, but not right: element {type}");
            }
        }
    }

    private void ReadConfiguration(ByteCursor bytes)
    {
        uint length = bytes.U32();
        Require(length <= 255, "length of the machine's name");
        string name = Encoding.Latin1.GetString(bytes.Take((int)length));
        Require(Machine.StartsWith(name, StringComparison.Ordinal), "machine");
        bool ignoresShared = false;
        bool hasMappedRam = false;
        uint pageBits = 12;
        Guid? uuid = null;

        // What is sent twice counts as it is sent last.
        while (bytes.SubsectionOf("configuration") is { } subsection)
        {
            bytes.Take(2 + subsection.Length);
            Require(bytes.U32() == 1, "version of " + subsection);
            switch (subsection)
            {
                case "configuration/target-page-bits":
                    pageBits = bytes.U32();
                    break;
                case "configuration/capabilities":
                    uint count = bytes.U32();
                    Require(count <= 64, "number of capabilities");
                    string[] names = [.. Enumerable.Range(0, (int)count).Select(_ => bytes.Text())];
                    ignoresShared = names.Contains("x-ignore-shared");
                    hasMappedRam = names.Contains("mapped-ram");
                    break;
                default:
                    Require(subsection == "configuration/uuid", subsection);
                    uuid = new Guid(bytes.Take(16), bigEndian: true);
                    break;
            }

            Require(bytes.SubsectionOf(subsection) is null, "subsection of " + subsection);
        }

        Require(ignoresShared == settings.Capabilities.IgnoreShared, "x-ignore-shared");
        Require(!hasMappedRam, "mapped-ram");
        Require(pageBits == 12, "page bits");
        Require(uuid is null || settings.Uuid is null || uuid == settings.Uuid, "uuid");
    }

    private void ReadStartOrFull(ByteCursor bytes, bool isStart)
    {
        uint id = bytes.U32();
        string idString = bytes.Text();
        uint instance = bytes.U32();
        uint version = bytes.U32();
        string owner = FindOwner(idString, instance);
        bool isIterative = owner is "ram" or Stub;
        Require(isIterative || !isStart, "START of " + owner);
        if (isStart)
        {
            _started[owner] = (id, version);
            _last = owner;
        }

        if (isIterative)
            ReadIterative(bytes, owner, version, mayList: true);
        else if (owner == GlobalState)
            ReadGlobalState(bytes, version);
        else
            DeviceModel.Read(owner, bytes, Devices[IndexOf(owner)], version);
        ReadFooter(bytes, id);
    }

    private static string FindOwner(string idString, uint instance) => (idString, instance) switch
    {
        ("ram" or Stub or "scalars" or "arrays" or "nodes" or "lists" or "customs" or GlobalState, 0) => idString,
        ("arrays", ArraysAlias) => "arrays",
        (DevicePath + "/customs", 0) => "customs",
        _ => throw new FuzzFailureException($"accepted, but not right: '{idString}' {instance}"),
    };

    private static int IndexOf(string description)
    {
        for (int i = 0; i < FuzzDescriptions.All.Count; i++)
        {
            if (FuzzDescriptions.All[i].Name == description)
                return i;
        }

        throw new FuzzFailureException("no device " + description);
    }

    private void ReadContinued(ByteCursor bytes)
    {
        uint id = bytes.U32();
        if (_last is null || _started[_last].Id != id)
            _last = _started.Keys.FirstOrDefault(owner => _started[owner].Id == id) ?? throw new FuzzFailureException($"accepted, but not right: section {id}");
        ReadIterative(bytes, _last, _started[_last].Version, mayList: false);
        ReadFooter(bytes, id);
    }

    private void ReadIterative(ByteCursor bytes, string owner, uint version, bool mayList)
    {
        if (owner == Stub)
        {
            Require(version is 1 or 2, "version of the stub");
            ushort count = bytes.U16();
            bytes.Take(count);
            StubBytes += count;
            return;
        }

        Require(version == 4, "version of ram");
        Ram.ReadSection(bytes, mayList);
    }

    private static void ReadGlobalState(ByteCursor bytes, uint version)
    {
        Require(version == 1, "version of globalstate");
        bytes.Take(GlobalStateBytes);
        Require(bytes.SubsectionOf(GlobalState) is null, "subsection of globalstate");
    }

    private static void ReadFooter(ByteCursor bytes, uint id) => Require(bytes.U8() == 0x7e && bytes.U32() == id, "footer");

    private void ReadCommand(ByteCursor bytes)
    {
        ushort command = bytes.U16();
        ushort length = bytes.U16();
        switch (command, length)
        {
            case (1, 0):
                if (Answers.Length == 0)
                    Answers.Append(settings.AcknowledgesAtOnce ? "open 00070000" : "open ");
                break;
            case (2, 4):
                Require(Answers.Length > 0, "PING without a return path");
                Answers.Append("00020004").Append(Convert.ToHexStringLower(bytes.Take(4)));
                break;
            case (3, 0):
                Require(!settings.Capabilities.PostcopyRam, "empty advice");
                break;
            case (9, 0):
                break;
            case (10, > 1):
                Require(bytes.U8() == length - 1, "length of a block's name");
                bytes.Take(length - 1);
                break;
            case (11, 0):
                Require(settings.Profile.AcceptsSwitchoverStart, "SWITCHOVER_START");
                IsSwitchedOver = true;
                break;
            default:
                throw new FuzzFailureException($"accepted, but not right: command {command} of {length} bytes");
        }
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
            throw new FuzzFailureException("accepted, but not right: " + what);
    }
}
