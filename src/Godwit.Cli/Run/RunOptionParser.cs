using System.Globalization;
using Godwit.Qmp;

namespace Godwit.Cli;

/// <summary>Reads the options of <c>godwit run</c>: QEMU's names and values, each either understood or refused by name.</summary>
internal sealed class RunOptionParser
{
    private delegate void Handler(RunOptionParser parser, string option, string value);

    // CPU features that the contract machine switches off, and the one it leaves on: other values need instructions that are not there.
    private static readonly HashSet<string> _featuresOff = new(
        [
            "h", "v", "sstc", "svadu", "svvptc", "zawrs", "zfa", "zba", "zbb", "zbc", "zbs", "zicbom", "zicbop", "zicboz", "zihintntl",
            "zihintpause", "zihpm", "debug", "sv48", "sv57", "svinval", "svnapot", "svpbmt", "zicond", "smaia", "ssaia",
        ],
        StringComparer.Ordinal);

    private static readonly HashSet<string> _notYet = new(
        ["-only-migratable", "-numa", "-daemonize", "-snapshot"],
        StringComparer.Ordinal);

    private static readonly Dictionary<string, Action<RunOptions>> _flags = new(StringComparer.Ordinal)
    {
        ["-S"] = o => o.StartStopped = true,
        ["-nodefaults"] = o => o.NoDefaults = true,
        ["-no-user-config"] = _ => { },
        ["-nographic"] = o => o.NoGraphic = true,
        ["-no-reboot"] = o => o.NoReboot = true,
        ["-mem-prealloc"] = o => o.PreallocateMemory = true,
    };

    private static readonly Dictionary<string, Handler> _values = new(StringComparer.Ordinal)
    {
        ["-M"] = static (p, o, v) => p.Machine(o, v),
        ["-machine"] = static (p, o, v) => p.Machine(o, v),
        ["-object"] = static (p, o, v) => p.Object(o, v),
        ["-cpu"] = static (_, o, v) => Cpu(o, v),
        ["-accel"] = static (_, o, v) => Accelerator(OptionValue.Parse(o, v, "accel")),
        ["-m"] = static (p, o, v) => p.Memory(o, v),
        ["-smp"] = static (p, o, v) => p.Processors(o, v),
        ["-bios"] = static (p, o, v) => p._options.Bios = FileName(o, v),
        ["-kernel"] = static (p, o, v) => p._options.Kernel = FileName(o, v),
        ["-initrd"] = static (p, o, v) => p._options.Initrd = FileName(o, v),
        ["-append"] = static (p, _, v) => p._options.KernelCommandLine = v,
        ["-dtb"] = static (p, o, v) => p._options.DeviceTree = FileName(o, v),
        ["-guest"] = static (p, o, v) => p.Guest(o, v),
        ["-serial"] = static (p, o, v) => p._options.Serial = p.CharacterBackend(o, v, allowId: true),
        ["-chardev"] = static (p, o, v) => p.CharacterDevice(o, v),
        ["-qmp"] = static (p, o, v) => p._options.QmpMonitors.Add(Endpoint(o, v)),
        ["-qmp-pretty"] = static (p, o, v) => p._options.QmpMonitors.Add(Endpoint(o, v) with { IsPretty = true }),
        ["-mon"] = static (p, o, v) => p.MonitorDevice(o, v),
        ["-monitor"] = static (p, o, v) => p.HumanMonitor(o, v),
        ["-incoming"] = static (p, o, v) => p._options.Incoming = v,
        ["-name"] = static (p, o, v) => p.Name(o, v),
        ["-uuid"] = static (p, o, v) => p._options.Uuid = Guid.TryParse(v, out Guid uuid) ? uuid : throw CommandException.Usage($"{o} {v}", "is not a UUID"),
        ["-global"] = static (p, o, v) => p.Global(o, v),
        ["-display"] = static (_, o, v) => Only(o, v, "none"),
        ["-vga"] = static (_, o, v) => Only(o, v, "none"),
        ["-parallel"] = static (_, o, v) => Only(o, v, "none"),
        ["-net"] = static (_, o, v) => Only(o, v, "none"),
        ["-nic"] = static (_, o, v) => Only(o, v, "none"),
        ["-drive"] = static (p, o, v) => RunDeviceParser.Drive(p._options, o, v),
        ["-netdev"] = static (p, o, v) => RunDeviceParser.NetDevice(p._options, o, v),
        ["-device"] = static (p, o, v) => RunDeviceParser.Device(p._options, o, v),
        ["-loadvm"] = static (p, _, v) => p._options.LoadSnapshot = v,
        ["-pidfile"] = static (p, o, v) => p._options.PidFile = FileName(o, v),
    };

    private readonly RunOptions _options = new();
    private readonly Dictionary<string, MemoryBackendOption> _memoryBackends = new(StringComparer.Ordinal);
    private readonly HashSet<string> _devicesInUse = new(StringComparer.Ordinal);
    private string? _memoryBackend;
    private bool _isSizeGiven;

    private RunOptionParser()
    {
    }

    /// <summary>Every option there is, with its dash.</summary>
    public static IEnumerable<string> OptionNames => _flags.Keys.Concat(_values.Keys);

    /// <summary>Reads a command line.</summary>
    /// <exception cref="CommandException">An option or value is unknown or not supported; the message names it.</exception>
    public static RunOptions Parse(IReadOnlyList<string> arguments)
    {
        var parser = new RunOptionParser();
        for (int i = 0; i < arguments.Count; i++)
        {
            string given = arguments[i];
            string option = given.StartsWith("--", StringComparison.Ordinal) ? given[1..] : given;
            if (_flags.TryGetValue(option, out Action<RunOptions>? flag))
            {
                flag(parser._options);
                continue;
            }

            if (!option.StartsWith('-') || option.Length == 1)
                throw CommandException.Usage(given, "is not an option; disk images are given with -drive");
            if (_notYet.Contains(option))
                throw CommandException.Usage(option, "is not supported yet");
            if (!_values.TryGetValue(option, out Handler? handler))
                throw CommandException.Usage(option, "is not a known option");
            if (i + 1 >= arguments.Count)
                throw CommandException.Usage(option, "needs a value");
            handler(parser, option, arguments[++i]);
        }

        parser.Finish();
        return parser._options;
    }

    private void Finish()
    {
        _options.Serial ??= _options.NoDefaults || !_options.NoGraphic ? "null" : "stdio";
        RefuseSharedStandardStreams();
        foreach ((string id, bool isControl, bool isPretty) in _options.MonitorDevices)
        {
            QmpEndpoint endpoint = Endpoint("-mon", $"{Device("-mon", id)}") with { IsPretty = isPretty };
            (isControl ? _options.QmpMonitors : _options.HumanMonitors).Add(endpoint);
        }

        if (_options.LoadSnapshot is not null && _options.Incoming is not null)
            throw CommandException.Usage("-loadvm", "'incoming' and 'loadvm' options are mutually exclusive");
        if (_memoryBackend is not null)
            UseMemoryBackend(_memoryBackend);
        if (_options.Serial is { } serial && serial.StartsWith("chardev:", StringComparison.Ordinal))
            _options.Serial = Device("-serial", serial[8..]);
        RunDeviceParser.Finish(_options, id => Device("-device virtconsole", id));
        if (_options.Staircase is not null && (_options.Bios is not (null or "none") || _options.Kernel is not null || _options.DeviceTree is not null || _options.Loaders.Count > 0))
            throw CommandException.Usage("-guest", "cannot be used together with -bios, -kernel, -dtb or -device loader");
        if (_options.Kernel is null && (_options.Initrd ?? _options.KernelCommandLine) is not null)
            throw CommandException.Usage(_options.Initrd is null ? "-append" : "-initrd", "needs -kernel");
    }

    /// <summary>What stands on <c>stdio</c>, directly or as a chardev, used or not.</summary>
    private void RefuseSharedStandardStreams()
    {
        int users = (_options.Serial == "stdio" ? 1 : 0)
            + _options.CharacterDevices.Values.Count(device => device == "stdio")
            + _options.QmpMonitors.Concat(_options.HumanMonitors).Count(m => m.Address.Kind == QmpAddressKind.Stdio);
        if (users > 1)
            throw CommandException.Usage("stdio", "cannot be used by several of serial port (which has it with -nographic and no -serial), monitors and chardevs");
    }

    private string Device(string option, string id)
    {
        if (!_options.CharacterDevices.TryGetValue(id, out string? device))
            throw CommandException.Usage(option, $"there is no chardev '{id}'");
        return _devicesInUse.Add(id) ? device : throw CommandException.Usage(option, $"chardev '{id}' is already in use");
    }

    private void Object(string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "qom-type");
        if (v.Take("qom-type") is "iothread")
        {
            string id = v.Take("id") ?? throw v.Refuse("id", "is missing");
            v.End();
            if (!_options.IoThreads.Add(id))
                throw v.Refuse($"id={id}", "is given twice");
            return;
        }

        MemoryBackendOption backend = MemoryBackendOption.Parse(option, value);
        if (!_memoryBackends.TryAdd(backend.Backend.Id, backend))
            throw CommandException.Usage($"{option} {value}", $"'id={backend.Backend.Id}' is given twice");
    }

    private void UseMemoryBackend(string id)
    {
        if (!_memoryBackends.TryGetValue(id, out MemoryBackendOption? chosen))
            throw CommandException.Usage("-machine", $"Memory backend '{id}' not found");
        if (_isSizeGiven && _options.RamBytes != chosen.SizeBytes)
            throw CommandException.Usage("-m", "Machine memory size does not match the size of the memory backend");
        _options.RamBytes = chosen.SizeBytes;
        _options.MemoryBackend = chosen.Backend;
        _options.PreallocateMemory |= chosen.Preallocates;
    }

    private void Machine(string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "type");
        string type = v.Take("type") ?? "virt";
        if (type is not "virt")
            throw v.Refuse(type, "is not a supported machine; there is virt");
        Expect(v, "aia", "none");
        Expect(v, "aclint", "off");
        Expect(v, "acpi", "off");
        _memoryBackend = v.Take("memory-backend") ?? _memoryBackend;
        _options.DumpDeviceTree = v.TakePath("dumpdtb") ?? _options.DumpDeviceTree;
        if (v.Take("accel") is { } accel)
            Accelerator(OptionValue.Parse(option, accel, "accel"));
        v.End();
    }

    private static void Accelerator(OptionValue v)
    {
        string name = v.Take("accel") ?? "soft";
        if (name is not ("soft" or "tcg"))
            throw v.Refuse(name, "is not a supported accelerator; there is soft (tcg is taken as soft)");
        v.End();
    }

    private static void Cpu(string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "model");
        if (v.Take("model") is not "rv64")
            throw v.Refuse(value.Split(',')[0], "is not a supported CPU; there is rv64");
        foreach ((string name, string? setting) in v.TakeRest())
        {
            bool known = setting is "off" or "false" ? _featuresOff.Contains(name)
                : (name, setting) is ("sv39", "on" or "true") or ("pmu-mask", "0") or ("pmp", "on" or "true");
            if (!known)
                throw v.Refuse(setting is null ? name : $"{name}={setting}", "is not supported by this CPU");
        }
    }

    private void Memory(string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "size");
        string size = v.Take("size") ?? "";
        v.End();
        _options.RamBytes = v.RamBytes(size, size, 1UL << 20);
        _isSizeGiven = true;
    }

    private void Processors(string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "cpus");
        string count = v.Take("cpus") ?? "1";
        v.End();
        if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int harts) || harts is < 1 or > 8)
            throw v.Refuse(count, "is not a number of harts from 1 to 8");
        _options.HartCount = harts;
    }

    private void Guest(string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "name");
        if (v.Take("name") is not "staircase")
            throw v.Refuse(value.Split(',')[0], "is not a built-in guest; there is staircase");
        _options.Staircase = new StaircaseSettings(Number(v, "rate", 0), Number(v, "pages", 0), Math.Max(1, Number(v, "report-rounds", 1)));
        v.End();
    }

    private void Name(string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "guest");
        _options.Name = v.Take("guest");
        if (v.Take("process") is not null)
            throw v.Refuse("process", "is not supported");
        v.TakeSwitch("debug-threads");
        v.End();
    }

    private void Global(string option, string value)
    {
        int equals = value.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? value : value[..equals];
        if (name == "virtio-mmio.force-legacy")
        {
            _options.HasModernVirtio = value[(equals + 1)..] switch
            {
                "true" or "on" => false,
                "false" or "off" => true,
                _ => throw CommandException.Usage($"{option} {value}", "expected true or false"),
            };
            return;
        }

        if (!name.StartsWith("migration.", StringComparison.Ordinal) || equals < 0)
            throw CommandException.Usage($"{option} {value}", "only migration.NAME=VALUE and virtio-mmio.force-legacy are supported");
        _options.MigrationGlobals.Add(KeyValuePair.Create(name["migration.".Length..], value[(equals + 1)..]));
    }

    private void HumanMonitor(string option, string value)
    {
        if (value is not "none")
            _options.HumanMonitors.Add(Endpoint(option, value));
    }

    private void MonitorDevice(string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "chardev");
        string id = v.Take("chardev") ?? throw v.Refuse("chardev", "is missing");
        string mode = v.Take("mode") ?? "readline";
        if (mode is not ("control" or "readline"))
            throw v.Refuse($"mode={mode}", "is not supported");
        bool pretty = v.TakeSwitch("pretty") ?? false;
        v.End();
        _options.MonitorDevices.Add((id, mode == "control", pretty));
    }

    private void CharacterDevice(string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "backend");
        string id = v.Take("id") ?? throw v.Refuse("id", "is missing");
        string backend = v.Take("backend") ?? "";
        string text = backend switch
        {
            "null" or "stdio" => backend,
            "file" => "file:" + (v.TakePath("path") ?? throw v.Refuse("path", "is missing")),
            "socket" => Socket(v),
            _ => throw v.Refuse(backend, "is not a supported character device; there are null, stdio, file and socket"),
        };
        if (backend == "stdio")
            v.TakeSwitch("signal");
        v.End();
        if (!_options.CharacterDevices.TryAdd(id, text))
            throw v.Refuse($"id={id}", "is given twice");
    }

    private static string Socket(OptionValue v)
    {
        string? path = v.TakeSocketPath("path");
        string? host = v.Take("host");
        string? port = v.Take("port");
        string address = path is not null ? $"unix:{path}" : host is not null && port is not null ? $"tcp:{host}:{port}" : throw v.Refuse("path", "is missing");
        if (v.TakeSwitch("server") is true)
            address += ",server=on";
        return address + (v.TakeSwitch("wait") is false ? ",wait=off" : "");
    }

    private string CharacterBackend(string option, string value, bool allowId)
    {
        bool known = value is "null" or "none" or "stdio" || value.StartsWith("file:", StringComparison.Ordinal)
            || value.StartsWith("unix:", StringComparison.Ordinal) || (allowId && value.StartsWith("chardev:", StringComparison.Ordinal));
        if (!known)
            throw CommandException.Usage($"{option} {value}", "is not supported; there are null, stdio, file:PATH, unix:PATH and chardev:ID");
        if (value is "file:")
            throw CommandException.Usage($"{option} {value}", "expected file:PATH");
        if (value.StartsWith("unix:", StringComparison.Ordinal) && !OptionValue.IsSocketPath(RunDevices.SocketPath(value)))
            throw CommandException.Usage($"{option} {value}", OptionValue.SocketPathRule);
        if (_options.Serial is not null)
            throw CommandException.Usage(option, "only one serial port exists");
        return value == "none" ? "null" : value;
    }

    private static string FileName(string option, string value) =>
        value.Length > 0 ? value : throw CommandException.Usage($"{option} ''", "expected the name of a file");

    private static QmpEndpoint Endpoint(string option, string value)
    {
        try
        {
            return QmpEndpoint.Parse(value);
        }
        catch (FormatException e)
        {
            throw CommandException.Usage(option, e.Message);
        }
    }

    private static ulong Number(OptionValue v, string key, ulong absent)
    {
        if (v.Take(key) is not { } text)
            return absent;
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : throw v.Refuse($"{key}={text}", "is not a number");
    }

    private static void Expect(OptionValue v, string key, string only)
    {
        if (v.Take(key) is { } value && value != only)
            throw v.Refuse($"{key}={value}", $"is not supported; only {key}={only} is");
    }

    private static void Only(string option, string value, string only)
    {
        if (value != only)
            throw CommandException.Usage($"{option} {value}", $"is not supported; only {option} {only} is");
    }
}
