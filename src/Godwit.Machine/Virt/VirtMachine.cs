using Godwit.Accel;
using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine;

/// <summary>QEMU's riscv64 <c>virt</c> machine with everything but its harts.</summary>
/// <remarks>
/// Order of use: make it, make the harts over <see cref="AddressSpace"/> with <see cref="ReadTime"/>, <see cref="ConnectHarts"/>, put something
/// into memory (<see cref="LoadStaircase"/>), <see cref="Reset"/>, start. Sections are registered in the order clock, RAM, harts,
/// <see cref="RegisterDevices"/>. Unless a member says otherwise it is called while the harts stand still.
/// </remarks>
public sealed class VirtMachine : IDisposable
{
    /// <summary>Name of the machine in the configuration section.</summary>
    public const string Name = "virt";

    /// <summary>Address of the first instruction of every hart after a reset.</summary>
    public const ulong ResetVector = VirtMemoryMap.BootRom;

    private const int MaximumHarts = 8;
    private const ulong DeviceTreeAlignment = 2 << 20;

    private readonly VirtMachineOptions _options;
    private readonly MemorySystem _memory;
    private readonly VirtDevices _devices;
    private BootPlan _plan = BootPlan.Empty;

    /// <summary>Creates the machine's memory and devices.</summary>
    /// <param name="options">Sizes and back ends.</param>
    /// <param name="memory">A memory system without RAM; its big lock becomes the machine's.</param>
    /// <param name="clock">The machine's virtual clock, made over the same lock.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public VirtMachine(VirtMachineOptions options, MemorySystem memory, VirtualClock clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(clock);
        if (options.RamBytes < DeviceTreeAlignment || options.RamBytes % 4096 != 0)
            throw new ArgumentException("RAM has at least 2 MiB and whole pages of 4096 bytes.", nameof(options));
        if (options.HartCount is < 1 or > MaximumHarts)
            throw new ArgumentException($"The machine has 1 to {MaximumHarts} harts.", nameof(options));
        if (options.RandomSeed is { Length: not 32 })
            throw new ArgumentException("The random seed has 32 bytes.", nameof(options));

        _options = options;
        _memory = memory;
        using BigLock.Scope scope = memory.BigLock.EnterIfNeeded();
        MemoryRegion root = MemoryRegion.CreateContainer(memory, "system", (Int128)1 << 64);
        AddressSpace = memory.CreateAddressSpace("memory", root);
        _devices = new VirtDevices(
            options,
            memory,
            AddressSpace,
            clock,
            code => PowerOff?.Invoke(this, new PowerOffEventArgs(code)),
            () => ResetRequested?.Invoke(this, EventArgs.Empty));
        foreach (VirtioBlock disk in _devices.Virtio.Select(v => v.Device).OfType<VirtioBlock>())
            disk.Failed += (_, e) => DiskFailed?.Invoke(this, e);
        using MemoryTransaction transaction = memory.BeginTransaction();
        _devices.MapInto(root);
    }

    /// <summary>Raised on a hart's thread, under the big lock, when the guest ends the machine.</summary>
    public event EventHandler<PowerOffEventArgs>? PowerOff;

    /// <summary>Raised on a hart's thread, under the big lock, when the guest asks for a reset: stop the harts, call <see cref="Reset"/>, reset them, start.</summary>
    public event EventHandler? ResetRequested;

    /// <summary>Raised under the big lock on a disk's thread when the host failed a request.</summary>
    public event EventHandler<DiskErrorEventArgs>? DiskFailed;

    /// <summary>What harts and devices see.</summary>
    public AddressSpace AddressSpace { get; }

    /// <summary>Harts that do not start at <see cref="ResetVector"/> and where they do, in order; to be applied after each reset of the harts.</summary>
    public IEnumerable<(int Hart, ulong Address)> StartAddresses => _plan.StartAddresses;

    /// <summary>Guest RAM from 0x80000000 on.</summary>
    public RamBlock RamBlock => _devices.Ram.RamBlock!;

    /// <summary>The interruptor: harts' timers, also needed to write harts for a peer (<see cref="RiscVClint.IsTimerLostOn"/>).</summary>
    public RiscVClint Clint => _devices.Clint;

    /// <summary>The external interrupt controller.</summary>
    public SifivePlic Plic => _devices.Plic;

    /// <summary>The memory balloon; null when there is none.</summary>
    public VirtioBalloon? Balloon => _devices.Virtio.Select(v => v.Device).OfType<VirtioBalloon>().FirstOrDefault();

    /// <summary>The <c>time</c> register of the harts; callable from any thread.</summary>
    public ulong ReadTime() => _devices.Clint.Time;

    /// <summary>Connects the interrupt lines, in the order of the harts' numbers.</summary>
    public void ConnectHarts(IReadOnlyList<IInterruptSink> harts)
    {
        ArgumentNullException.ThrowIfNull(harts);
        if (harts.Count != _options.HartCount)
            throw new ArgumentException($"The machine has {_options.HartCount} harts, not {harts.Count}.", nameof(harts));
        _devices.Clint.Connect(harts);
        _devices.Plic.Connect(harts);
    }

    /// <summary>Registers the devices' sections, in the order in which QEMU has them.</summary>
    public void RegisterDevices(VmStateRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        _devices.Register(registry);
    }

    /// <summary>Makes the staircase the machine's program; the next <see cref="Reset"/> puts it into memory.</summary>
    /// <param name="options">How it works; its RAM size is replaced by the machine's.</param>
    /// <returns>The program.</returns>
    public StaircaseGuest LoadStaircase(StaircaseOptions? options = null)
    {
        StaircaseGuest guest = StaircaseGuest.Build((options ?? new StaircaseOptions { RamBytes = 0 }) with { RamBytes = _options.RamBytes });
        _plan = BootPlan.Empty with { Images = [new RomBlob("staircase", StaircaseGuest.EntryAddress, guest.Image.AsMemory())] };
        return guest;
    }

    /// <summary>Makes firmware, kernel and initial RAM disk the machine's program; the next <see cref="Reset"/> puts them into memory.</summary>
    /// <exception cref="BootException">A file cannot be read or does not fit.</exception>
    public void LoadBoot(BootOptions boot)
    {
        ArgumentNullException.ThrowIfNull(boot);
        var plan = BootPlan.Create(boot, _options.RamBytes);
        foreach ((int hart, _) in plan.StartAddresses)
        {
            if (hart >= _options.HartCount)
                throw new BootException($"Specified boot CPU#{hart} is nonexistent");
        }

        plan.PlaceDeviceTree(BuildDeviceTree(plan).Length, _options.RamBytes);
        _plan = plan;
    }

    /// <summary>Checks the memory of a stopped staircase guest.</summary>
    public StaircaseReport CheckStaircase()
    {
        RamBlock block = RamBlock;
        return StaircaseVerifier.Check((offset, destination) =>
        {
            if (offset > block.UsedLengthBytes || (ulong)destination.Length > block.UsedLengthBytes - offset)
                return false;
            return AddressSpace.Read(new GuestAddress(VirtMemoryMap.Ram + offset), destination) == MemoryTransactionResult.Ok;
        });
    }

    /// <summary>Puts every device into its reset state and the program, the device tree and the boot code into memory.</summary>
    /// <param name="writesMemory">False while a stream is awaited that brings all of it: RAM may be shared with a guest that runs elsewhere.</param>
    /// <remarks>The caller resets the harts afterwards. RAM keeps what is not overwritten.</remarks>
    public void Reset(bool writesMemory = true)
    {
        using BigLock.Scope scope = _memory.BigLock.EnterIfNeeded();
        _devices.Reset();
        if (!writesMemory)
            return;
        ReadOnlyMemory<byte> tree = BuildDeviceTree(_plan);
        ulong treeAddress = _plan.PlaceDeviceTree(tree.Length, _options.RamBytes);
        foreach (RomBlob image in _plan.Images)
            Write(image);
        Write(new RomBlob("device tree", treeAddress, tree));
        Write(new RomBlob("boot ROM", VirtMemoryMap.BootRom, BootRom.Build(_plan.FirstInstruction, treeAddress, _plan.KernelEntry)));
    }

    /// <summary>While the guest runs, soon before <see cref="Pause"/>: writes back to disks, so that little of that is left to wait for.</summary>
    /// <remarks>To be called without the big lock; may take as long as the disks do.</remarks>
    public void PrepareToPause() => _devices.PrepareToPause();

    /// <summary>After the harts have stopped: waits until no device has work under way and lets none begin.</summary>
    /// <remarks>To be called without the big lock, before the clock stops and state is read.</remarks>
    public void Pause() => _devices.Pause();

    /// <summary>Before the harts start again, also after a load: devices take up their work.</summary>
    public void Resume()
    {
        using BigLock.Scope scope = _memory.BigLock.EnterIfNeeded();
        _devices.Resume();
    }

    /// <summary>After an incoming migration, with the guest running: network cards tell their networks where they are.</summary>
    /// <param name="schedule">How often and when.</param>
    public void AnnounceSelf(AnnounceSchedule schedule)
    {
        using BigLock.Scope scope = _memory.BigLock.EnterIfNeeded();
        foreach (VirtioNet card in _devices.Virtio.Select(v => v.Device).OfType<VirtioNet>())
            card.AnnounceSelf(schedule);
    }

    /// <summary>The device tree that a guest of this machine gets at its next reset.</summary>
    public byte[] BuildDeviceTree() => BuildDeviceTree(_plan).ToArray();

    /// <summary>Lets go of the back ends. Memory and clock belong to the caller.</summary>
    public void Dispose() => _devices.Dispose();

    private ReadOnlyMemory<byte> BuildDeviceTree(BootPlan plan) => plan.DeviceTree ?? VirtDeviceTree.Build(_options, plan.Initrd).ToBlob();

    private void Write(RomBlob blob)
    {
        if (AddressSpace.WriteRom(new GuestAddress(blob.Address), blob.Content.Span) != MemoryTransactionResult.Ok)
            throw new InvalidOperationException($"The {blob.Name} of {blob.Content.Length} bytes does not fit at 0x{blob.Address:x}.");
    }
}
