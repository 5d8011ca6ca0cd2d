using Godwit.Migration;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>The stream loader with a registry as a machine has one: RAM, a second iterative entry, devices of every kind of field.</summary>
internal sealed class StreamTarget : FuzzTarget
{
    /// <summary>One of how many valid streams has pages in full; they are long, and so they are few.</summary>
    private const int LongSeeds = 32;

    private readonly FuzzMachine _machine = new();
    private readonly RamSaveVm _ram;
    private readonly FuzzStub _stub = new();
    private readonly GlobalState _globalState = new();
    private readonly VmStateRegistry _registry = new();
    private readonly FuzzDevice[] _devices = new FuzzDevice[FuzzDescriptions.All.Count];
    private readonly SaveStateEntry[] _entries = new SaveStateEntry[FuzzDescriptions.All.Count];
    private readonly SinkChannel _sink = new();
    private readonly LoadVmOptions?[] _options = new LoadVmOptions?[byte.MaxValue + 1];
    private readonly byte[] _bytes;

    public StreamTarget()
    {
        _bytes = new byte[MaxInputBytes];
        _ram = new RamSaveVm(_machine.Memory, _machine);
        _registry.RegisterHandlers(RamSaveVm.IdString, RamRecord.SectionVersion, _ram);
        _registry.RegisterHandlers(FuzzStub.IdString, FuzzStub.Version, _stub);
        for (int i = 0; i < _devices.Length; i++)
            Register(i);
        _globalState.Register(_registry);
    }

    public override string Name => "stream";

    public override SeedInput MakeSeed(FuzzRandom random)
    {
        var settings = new StreamSettings(random.NextByte());
        return new StreamSeeds(random).Make(settings, random.OneIn(LongSeeds) ? 2 : 0, isDescribed: false);
    }

    public override bool Fuzz(ReadOnlySpan<byte> input)
    {
        var settings = new StreamSettings(input.IsEmpty ? (byte)0 : input[0]);
        int length = Math.Max(0, input.Length - 1);
        input[^length..].CopyTo(_bytes);
        Reset(settings);
        var load = new LoadVmReader(MigrationReader.FromMemory(_bytes.AsMemory(0, length)), OptionsOf(settings));
        try
        {
            load.Load();
            Compare(load, settings, length);
            return true;
        }
        catch (StreamFormatException refusal)
        {
            return Refused(refusal, length);
        }
        finally
        {
            _ram.LoadCleanup();
        }
    }

    protected override void Close()
    {
        _ram.Dispose();
        _sink.Dispose();
        _machine.Dispose();
    }

    private void Reset(StreamSettings settings)
    {
        _machine.Reset();
        _machine.Capabilities = settings.Capabilities;
        _globalState.Reset();
        _sink.Written.Clear();
        _stub.SkippedBytes = 0;
        _stub.Switchovers = 0;
        for (int i = 0; i < _devices.Length; i++)
        {
            if (!_devices[i].IsTouched)
                continue;
            _registry.Unregister(_entries[i]);
            Register(i);
        }
    }

    private void Register(int index)
    {
        VmStateDescription<FuzzDevice> description = FuzzDescriptions.All[index];
        _devices[index] = new FuzzDevice();
        _entries[index] = _registry.Register(
            description,
            _devices[index],
            description == FuzzDescriptions.Customs ? StreamModel.DevicePath : null,
            aliasId: description == FuzzDescriptions.Arrays ? StreamModel.ArraysAlias : null);
    }

    private LoadVmOptions OptionsOf(StreamSettings settings) => _options[settings.Value] ??= new LoadVmOptions
    {
        Registry = _registry,
        MachineName = StreamModel.Machine,
        Uuid = settings.Uuid,
        Capabilities = settings.Capabilities,
        Profile = settings.Profile,
        BigLock = _machine.Memory.BigLock,
        ReturnChannel = settings.HasReturnPath ? _sink : null,
    };

    private void Compare(LoadVmReader load, StreamSettings settings, int length)
    {
        var model = new StreamModel(settings, _machine);
        model.Read(new ByteCursor(_bytes, 0, length));
        for (int i = 0; i < _devices.Length; i++)
            CheckEqual(model.Devices[i].ToString(), _devices[i].ToString(), FuzzDescriptions.All[i].Name + " differs");
        PagePlacement placement = _ram.Incoming!.Placement;
        model.Ram.CheckEqual(block => block.IsMigratable ? placement.ReceivedOf(block) : null);
        Check(load.SwitchoverStarted == model.IsSwitchedOver && _stub.Switchovers > 0 == model.IsSwitchedOver, "the switchover differs");
        Check(_stub.SkippedBytes == model.StubBytes, "the bytes of the stub differ");
        string answers = load.ReturnPath is null ? "" : "open " + Convert.ToHexStringLower([.. _sink.Written]);
        CheckEqual(model.Answers.ToString(), answers, "the answers differ");
    }
}
