using System.Text;
using Godwit.VmState;

namespace Godwit.Migration;

/// <summary>The <c>globalstate</c> section: what the guest was doing before the source stopped it.</summary>
/// <remarks>
/// Register it last, once per machine. Before saving, the engine sets <see cref="RunState"/>; after a load <see cref="Received"/> says
/// whether the stream had the section. <c>docs/formats/commands.md</c>, "globalstate".
/// </remarks>
public sealed class GlobalState
{
    private const int NameBytes = 32;
    private const int OldNameBytes = 100;

    private readonly byte[] _name = new byte[OldNameBytes];
    private uint _nameSize;
    private byte _hasSuspendedFlag;
    private byte _wasSuspended;

    /// <summary>The run state to save, or the one that was loaded.</summary>
    public RunState RunState { get; set; } = RunState.Running;

    /// <summary>The guest slept when it was stopped.</summary>
    public bool WasSuspended { get; set; }

    /// <summary>True once a load has filled this object.</summary>
    public bool Received { get; private set; }

    /// <summary>The description that newer peers use: a 32-byte name and two flags.</summary>
    public static VmStateDescription<GlobalState> Description { get; } = new("globalstate", version: 1, minimumVersion: 1)
    {
        PreSave = state => state.Encode(),
        PostLoad = static (state, _) => state.Decode(),
        Fields =
        [
            Field.UInt32("size", (GlobalState state) => ref state._nameSize),
            Field.Buffer("runstate", (GlobalState state) => state._name.AsSpan(0, NameBytes)),
            Field.UInt8("has_vm_was_suspended", (GlobalState state) => ref state._hasSuspendedFlag),
            Field.UInt8("vm_was_suspended", (GlobalState state) => ref state._wasSuspended),
            Field.Buffer("unused", (GlobalState state) => state._name.AsSpan(NameBytes, OldNameBytes - NameBytes - 2)),
        ],
    };

    /// <summary>The same bytes as older peers describe them: one 100-byte name.</summary>
    public static VmStateDescription<GlobalState> OldDescription { get; } = new("globalstate", version: 1, minimumVersion: 1)
    {
        PreSave = state => state.Encode(),
        PostLoad = static (state, _) => state.Decode(),
        Fields =
        [
            Field.UInt32("size", (GlobalState state) => ref state._nameSize),
            Field.Buffer("runstate", (GlobalState state) => state._name),
        ],
    };

    /// <summary>Registers the section; it has to be the last one.</summary>
    public SaveStateEntry Register(VmStateRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        return registry.RegisterVariants(
            static profile => profile.HasSuspendedFlag ? Description : OldDescription, [Description], this);
    }

    /// <summary>Forgets what a load has filled in, for another attempt.</summary>
    public void Reset() => Received = false;

    private void Encode()
    {
        _name.AsSpan().Clear();
        var name = RunState.ToQapiName();
        _nameSize = (uint)Encoding.ASCII.GetBytes(name, _name) + 1;
        _hasSuspendedFlag = 1;
        _wasSuspended = WasSuspended ? (byte)1 : (byte)0;
    }

    private void Decode()
    {
        var length = _name.AsSpan(0, NameBytes).IndexOf((byte)0);
        if (length < 0)
            throw new VmStateException("the name of the run state is not terminated", $"a NUL within {NameBytes} bytes", "none");
        if (_nameSize > OldNameBytes)
            throw new VmStateException("the length of the run state's name is out of range", $"at most {OldNameBytes}", $"{_nameSize}");
        var name = Encoding.Latin1.GetString(_name, 0, length);
        if (!RunStateNames.TryParse(name, out var state))
            throw new VmStateException($"invalid parameter value: {name}", "the name of a run state", name);
        RunState = state;
        WasSuspended = _hasSuspendedFlag != 0 && _wasSuspended != 0;
        Received = true;
    }
}
