using Godwit.VmState;

namespace Godwit.Migration.Tests.Control;

/// <summary>A described device with one field and one subsection.</summary>
internal sealed class FakeDevice
{
    private uint _value = 0x11223344;
    private byte _extra;

    public static VmStateDescription<FakeDevice> Description { get; } = new("gadget", version: 2, minimumVersion: 1)
    {
        Fields = [Field.UInt32("value", (FakeDevice device) => ref device._value)],
        Subsections =
        [
            new VmStateDescription<FakeDevice>("gadget/extra", version: 1, minimumVersion: 1)
            {
                Needed = device => device._extra != 0,
                Fields = [Field.UInt8("extra", (FakeDevice device) => ref device._extra)],
            },
        ],
    };

    public uint Value
    {
        get => _value;
        set => _value = value;
    }

    public byte Extra
    {
        get => _extra;
        set => _extra = value;
    }
}
