using Godwit.Machine;
using Godwit.Qmp;
using Godwit.Vmm;

namespace Godwit.Cli.Tests;

public sealed class RunOptionParserTests
{
    [Fact]
    public void Parse_ContractLine_IsUnderstood()
    {
        RunOptions options = Parse(
            "-M virt,aia=none,aclint=off,acpi=off -cpu rv64,h=off,sstc=off,svadu=off,svvptc=off,zawrs=off,zfa=off,zba=off,zbb=off,zbc=off,zbs=off,"
            + "zicbom=off,zicbop=off,zicboz=off,zihintntl=off,zihintpause=off,zihpm=off,pmu-mask=0,debug=off,sv39=on -smp 2 -m 256M -nodefaults -nographic "
            + "-chardev file,id=c,path=/tmp/serial -serial chardev:c -qmp unix:/tmp/q,server=on,wait=off -incoming defer -S -name guest=web,debug-threads=on "
            + "-uuid 12345678-1234-5678-1234-56789abcdef0 -global migration.x-max-bandwidth=1G -guest staircase,rate=100,pages=7 -no-reboot -mem-prealloc -pidfile /p");
        Assert.Equal(2, options.HartCount);
        Assert.Equal(256UL << 20, options.RamBytes);
        Assert.Equal("file:/tmp/serial", options.Serial);
        Assert.Equal(QmpAddress.Unix("/tmp/q"), Assert.Single(options.QmpMonitors).Address);
        Assert.Equal("defer", options.Incoming);
        Assert.True(options.StartStopped && options.NoReboot && options.PreallocateMemory && options.NoDefaults && options.NoGraphic);
        Assert.Equal("web", options.Name);
        Assert.Equal(Guid.Parse("12345678-1234-5678-1234-56789abcdef0"), options.Uuid);
        Assert.Equal(KeyValuePair.Create("x-max-bandwidth", "1G"), Assert.Single(options.MigrationGlobals));
        Assert.Equal(new StaircaseSettings(100, 7), options.Staircase);
        Assert.Equal("/p", options.PidFile);
    }

    [Theory]
    [InlineData("", 128UL << 20)]
    [InlineData("-m 64", 64UL << 20)]
    [InlineData("--m size=1G", 1UL << 30)]
    [InlineData("-m 2560k", 2560UL << 10)]
    public void Parse_Memory_DefaultsToMebibytes(string line, ulong expected) => Assert.Equal(expected, Parse(line).RamBytes);

    [Theory]
    [InlineData("memory-backend-ram,id=r,size=1G", null, false, false)]
    [InlineData("memory-backend-ram,id=r,size=1G,prealloc=on,share=on", null, true, true)]
    [InlineData("memory-backend-memfd,id=r,size=1G", null, true, false)]
    [InlineData("memory-backend-file,id=r,size=1G,mem-path=/dev/shm/x,share=on", "/dev/shm/x", true, false)]
    public void Parse_MemoryBackend_BecomesTheRam(string backend, string? path, bool isShared, bool isPreallocated)
    {
        RunOptions options = Parse($"-machine virt,memory-backend=r -object {backend}");

        Assert.Equal(new MemoryBackend("r", path, isShared), options.MemoryBackend);
        Assert.Equal(1UL << 30, options.RamBytes);
        Assert.Equal(isPreallocated, options.PreallocateMemory);
        Assert.Equal(1UL << 30, Parse($"-m 1G -M virt,memory-backend=r -object {backend}").RamBytes);
    }

    [Fact]
    public void Parse_MemoryBackendThatNobodyUses_ChangesNothing()
    {
        RunOptions options = Parse("-object memory-backend-ram,id=r,size=1G,prealloc=on");

        Assert.Null(options.MemoryBackend);
        Assert.False(options.PreallocateMemory);
        Assert.Equal(RunOptions.DefaultRamBytes, options.RamBytes);
    }

    [Theory]
    [InlineData("-accel tcg")]
    [InlineData("-accel soft")]
    [InlineData("-machine virt,accel=tcg")]
    [InlineData("-display none -vga none -net none -parallel none -no-user-config")]
    [InlineData("-bios none")]
    [InlineData("-monitor none")]
    public void Parse_HarmlessOption_IsAccepted(string line) => Assert.Equal(1, Parse(line).HartCount);

    [Fact]
    public void Parse_VirtioDevices_FindWhatTheyStandOn()
    {
        RunOptions options = Parse(
            "-drive file=/d,format=raw,if=none,id=d0,werror=stop -device virtio-blk-device,drive=d0,bus=virtio-mmio-bus.3,serial=s1 "
            + "-netdev stream,id=n0,server=on,addr.type=unix,addr.path=/n -device virtio-net-device,netdev=n0,bus=virtio-mmio-bus.1 "
            + "-netdev socket,id=n1,connect=127.0.0.1:99 -device virtio-net-device,netdev=n1,mac=52:54:00:aa:bb:cc -device virtio-rng-device "
            + "-chardev null,id=c -device virtio-serial-device -device virtconsole,chardev=c -global virtio-mmio.force-legacy=false");
        Assert.Equal(
            ["virtio-blk-device", "virtio-net-device", "virtio-net-device", "virtio-rng-device", "virtio-serial-device"],
            options.Devices.Select(d => d.Driver));
        Assert.Equal([3, 1, null, null, null], options.Devices.Select(d => d.Slot));
        Assert.Equal(new DriveSetting("d0", "/d", IsReadOnly: false, DiskErrorAction.Stop, ReadErrors: null), options.Drives["d0"]);
        Assert.Equal("/n", options.NetDevices["n0"].Local?.ToString());
        Assert.Equal("127.0.0.1:99", options.NetDevices["n1"].Remote?.ToString());
        Assert.Equal<byte>([0x52, 0x54, 0x00, 0x12, 0x34, 0x56], options.Devices[1].Mac.ToArray());
        Assert.Equal<byte>([0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc], options.Devices[2].Mac.ToArray());
        Assert.Equal("null", options.Devices[4].Console);
        Assert.True(options.HasModernVirtio);
    }

    // QEMU 10.0.2 and 11.1.3 put these bytes into memory.
    [Theory]
    [InlineData("addr=0x80100000,data=0x12345678,data-len=4", "78563412")]
    [InlineData("addr=0x80100000,data=0x1122,data-be=on,data-len=4", "00000000")]
    [InlineData("addr=0x80100000,data=0x1122334455667788,data-be=on,data-len=3", "112233")]
    [InlineData("addr=0x80100000,data=0x1122334455667788,data-len=3", "887766")]
    [InlineData("addr=0x80100000,data=1,data-len=8,data-be=off", "0100000000000000")]
    [InlineData("addr=0x80100000,data-len=2", "0000")]
    public void Parse_LoaderData_HasTheBytesOfQemu(string loader, string bytes)
    {
        LoaderOptions parsed = Assert.Single(Parse($"-device loader,{loader}").Loaders);
        Assert.Equal(0x8010_0000UL, parsed.Address);
        Assert.Equal(bytes, Convert.ToHexStringLower([.. parsed.Data]));
    }

    [Fact]
    public void Parse_QueueSizesAndTaps_AreTaken()
    {
        RunOptions options = Parse(
            "-drive file=/d,format=raw,if=none,id=d0 -device virtio-blk-device,id=b0,drive=d0,queue-size=1024,werror=enospc,rerror=auto "
            + "-netdev tap,id=n0,ifname=tap0,script=no,downscript=no -netdev tap,id=n1,fd=7,vnet_hdr=off "
            + "-device virtio-net-device,netdev=n0,rx_queue_size=512,tx_queue_size=256 -device loader,file=/x,force-raw=on,addr=0x80000000,cpu-num=1 -M virt,dumpdtb=/t");
        Assert.Equal([1024, 512], options.Devices.Select(d => d.QueueSize));
        Assert.Equal(("b0", DiskErrorAction.StopOnNoSpace, null), (options.Devices[0].Id, options.Devices[0].WriteErrors, options.Devices[0].ReadErrors));
        Assert.Equal(("tap0", -1), (options.NetDevices["n0"].Interface, options.NetDevices["n0"].Descriptor));
        Assert.Equal((null, 7), (options.NetDevices["n1"].Interface, options.NetDevices["n1"].Descriptor));
        Assert.Equal(new LoaderOptions { FilePath = "/x", IsRaw = true, Address = 0x8000_0000, HartIndex = 1 }, Assert.Single(options.Loaders));
        Assert.Equal("/t", options.DumpDeviceTree);
    }

    [Fact]
    public void Parse_Balloon_HasWhatIsAskedFor()
    {
        RunOptions options = Parse(
            "-device virtio-balloon-device,id=b,bus=virtio-mmio-bus.2,free-page-hint=on,deflate-on-oom=on,page-poison=off,free-page-reporting=on,iothread=io -object iothread,id=io");
        Assert.Equal(
            new VirtioBalloonOptions
            {
                Slot = 2,
                Id = "b",
                HasFreePageHints = true,
                DeflatesOnOutOfMemory = true,
                HasPagePoison = false,
                HasFreePageReporting = true,
            },
            Assert.Single(options.Devices).Balloon);
        Assert.Equal(new VirtioBalloonOptions(), Assert.Single(Parse("-device virtio-balloon-device").Devices).Balloon);
    }

    [Fact]
    public void Parse_MonitorDevices_FindTheirCharacterDevices()
    {
        RunOptions options = Parse(
            "-mon chardev=c,mode=control,pretty=on -chardev socket,id=c,path=/p,server=on,wait=off -chardev socket,id=h,host=::1,port=5,server=on -mon h "
            + "-qmp-pretty unix:/x,server,nowait");
        Assert.Equal([("unix:/x", true, false), ("unix:/p", true, false)], options.QmpMonitors.Select(m => (m.Address.ToString(), m.IsPretty, m.WaitForClient)));
        Assert.True(Assert.Single(options.HumanMonitors).WaitForClient);
    }

    [Theory]
    [InlineData("-bogus", "-bogus: is not a known option")]
    [InlineData("-M virt,memory-backend=r", "-machine: Memory backend 'r' not found")]
    [InlineData("-m 2G -M virt,memory-backend=r -object memory-backend-ram,id=r,size=1G", "-m: Machine memory size does not match the size of the memory backend")]
    [InlineData("-object memory-backend-file,id=r,size=1G,mem-path=/x", "-object memory-backend-file,id=r,size=1G,mem-path=/x: 'share=off' is not supported for a file; share=on is")]
    [InlineData("-object memory-backend-ram,id=r,size=1G,policy=bind", "-object memory-backend-ram,id=r,size=1G,policy=bind: 'policy=bind' is not supported")]
    [InlineData("-object rng-random,id=r", "-object rng-random,id=r: 'rng-random' is not a supported object; there are iothread, memory-backend-ram, memory-backend-memfd and memory-backend-file")]
    [InlineData("-device virtio-balloon-device,free-page-hint=on", "-device virtio-balloon-device,free-page-hint=on: 'free-page-hint' requires 'iothread' to be set")]
    [InlineData("-device virtio-balloon-device,iothread=x", "-device virtio-balloon-device: there is no iothread 'x'")]
    [InlineData("-device virtio-balloon-device -device virtio-balloon-device", "-device virtio-balloon-device: Only one balloon device is supported")]
    [InlineData("-object iothread,id=x -object iothread,id=x", "-object iothread,id=x: 'id=x' is given twice")]
    [InlineData("disk.img", "disk.img: is not an option; disk images are given with -drive")]
    [InlineData("-m", "-m: needs a value")]
    [InlineData("-M q35", "-M q35: 'q35' is not a supported machine; there is virt")]
    [InlineData("-M virt,acpi=on", "-M virt,acpi=on: 'acpi=on' is not supported; only acpi=off is")]
    [InlineData("-M virt,aia=aplic", "-M virt,aia=aplic: 'aia=aplic' is not supported; only aia=none is")]
    [InlineData("-cpu max", "-cpu max: 'max' is not a supported CPU; there is rv64")]
    [InlineData("-cpu rv64,h=on", "-cpu rv64,h=on: 'h=on' is not supported by this CPU")]
    [InlineData("-cpu rv64,nonsense=off", "-cpu rv64,nonsense=off: 'nonsense=off' is not supported by this CPU")]
    [InlineData("-cpu rv64,sv39", "-cpu rv64,sv39: 'sv39' is not supported by this CPU")]
    [InlineData("-accel kvm", "-accel kvm: 'kvm' is not a supported accelerator; there is soft (tcg is taken as soft)")]
    [InlineData("-accel soft,thread=single", "-accel soft,thread=single: 'thread=single' is not supported")]
    [InlineData("-m 0", "-m 0: '0' is not a size of 2M to 1T in whole pages")]
    [InlineData("-m 1", "-m 1: '1' is not a size of 2M to 1T in whole pages")]
    [InlineData("-object memory-backend-ram,id=r,size=1M", "-object memory-backend-ram,id=r,size=1M: 'size=1M' is not a size of 2M to 1T in whole pages")]
    [InlineData("-object memory-backend-file,id=r,size=4M,mem-path=", "-object memory-backend-file,id=r,size=4M,mem-path=: 'mem-path=' is empty; expected the name of a file")]
    [InlineData("-M virt,dumpdtb=", "-M virt,dumpdtb=: 'dumpdtb=' is empty; expected the name of a file")]
    [InlineData("-drive file=,id=d,if=none,format=raw", "-drive file=,id=d,if=none,format=raw: 'file=' is empty; expected the name of a file")]
    [InlineData("-device loader,file=", "-device loader,file=: 'file=' is empty; expected the name of a file")]
    [InlineData("-chardev file,id=c,path=", "-chardev file,id=c,path=: 'path=' is empty; expected the name of a file")]
    [InlineData("-chardev socket,id=c,path=", "-chardev socket,id=c,path=: 'path=' is not the path of a socket; expected 1 to 107 bytes")]
    [InlineData("-netdev stream,id=n,addr.type=unix,addr.path=", "-netdev stream,id=n,addr.type=unix,addr.path=: 'addr.path=' is not the path of a socket; expected 1 to 107 bytes")]
    [InlineData("-serial file:", "-serial file:: expected file:PATH")]
    [InlineData("-serial unix:,server=on", "-serial unix:,server=on: is not the path of a socket; expected 1 to 107 bytes")]
    [InlineData("-qmp unix:,server=on", "-qmp: 'unix:' is not the address of a QMP server: the path of the socket is empty")]
    [InlineData("-m 1G,slots=2", "-m 1G,slots=2: 'slots=2' is not supported")]
    [InlineData("-smp 9", "-smp 9: '9' is not a number of harts from 1 to 8")]
    [InlineData("-smp 1,sockets=2", "-smp 1,sockets=2: 'sockets=2' is not supported")]
    [InlineData("-serial tcp:1:2", "-serial tcp:1:2: is not supported; there are null, stdio, file:PATH, unix:PATH and chardev:ID")]
    [InlineData("-serial null -serial null", "-serial: only one serial port exists")]
    [InlineData("-serial chardev:x", "-serial: there is no chardev 'x'")]
    [InlineData("-chardev pty,id=a", "-chardev pty,id=a: 'pty' is not a supported character device; there are null, stdio, file and socket")]
    [InlineData("-chardev null", "-chardev null: 'id' is missing")]
    [InlineData("-chardev null,id=a,x=1", "-chardev null,id=a,x=1: 'x=1' is not supported")]
    [InlineData("-chardev null,id=a -chardev null,id=a", "-chardev null,id=a: 'id=a' is given twice")]
    [InlineData("-qmp pty", "-qmp: 'pty' is not supported: expected unix:PATH, tcp:HOST:PORT or stdio")]
    [InlineData("-qmp unix:/x,server=on,telnet=on", "-qmp: option 'telnet=on' of 'unix:/x,server=on,telnet=on' is not supported")]
    [InlineData("-mon chardev=x", "-mon: there is no chardev 'x'")]
    [InlineData("-global virtio.x=1", "-global virtio.x=1: only migration.NAME=VALUE and virtio-mmio.force-legacy are supported")]
    [InlineData("-uuid 5", "-uuid 5: is not a UUID")]
    [InlineData("-display gtk", "-display gtk: is not supported; only -display none is")]
    [InlineData("-drive file=x", "-drive file=x: 'id' is missing")]
    [InlineData("-drive file=x,id=d,if=none", "-drive file=x,id=d,if=none: 'format' is missing; there are raw and snapshots")]
    [InlineData("-drive file=x,id=d,if=none,format=qcow2", "-drive file=x,id=d,if=none,format=qcow2: 'format=qcow2' is not supported; there are raw, and snapshots for a directory that savevm writes to")]
    [InlineData("-drive file=/s,format=snapshots,if=none,id=s,readonly=on", "-drive file=/s,format=snapshots,if=none,id=s,readonly=on: 'readonly=on' is not supported")]
    [InlineData("-drive file=/s,format=snapshots,if=none,id=s -drive file=/d,format=raw,if=none,id=s", "-drive file=/d,format=raw,if=none,id=s: 'id=s' is given twice")]
    [InlineData("-loadvm t1 -incoming defer", "-loadvm: 'incoming' and 'loadvm' options are mutually exclusive")]
    [InlineData("-device virtio-blk-device,drive=d", "-device virtio-blk-device: there is no drive 'd'")]
    [InlineData("-device virtio-net-device", "-device virtio-net-device: 'netdev' is missing")]
    [InlineData("-device virtio-net-device,netdev=n", "-device virtio-net-device: there is no netdev 'n'")]
    [InlineData("-device virtio-rng-device,bus=virtio-mmio-bus.8", "-device virtio-rng-device,bus=virtio-mmio-bus.8: 'bus=virtio-mmio-bus.8' does not exist; there are virtio-mmio-bus.0 to virtio-mmio-bus.7")]
    [InlineData("-device virtio-serial-device", "-device virtio-serial-device: is supported only with a virtconsole")]
    [InlineData("-device virtconsole,chardev=c", "-device virtconsole,chardev=c: 'virtconsole' needs a virtio-serial-device before it, one for each")]
    [InlineData("-netdev user,id=n", "-netdev user,id=n: 'user' is not a supported network backend; there are stream, dgram, socket, tap and hubport")]
    [InlineData("-netdev tap,id=n,ifname=t", "-netdev tap,id=n,ifname=t: 'script' is missing; only script=no is supported")]
    [InlineData("-netdev tap,id=n,ifname=t,script=/x", "-netdev tap,id=n,ifname=t,script=/x: 'script=/x' is not supported; only script=no is")]
    [InlineData("-netdev tap,id=n,fd=3,vnet_hdr=on", "-netdev tap,id=n,fd=3,vnet_hdr=on: 'vnet_hdr=on' is not supported; only vnet_hdr=off is")]
    [InlineData("-netdev tap,id=n,fd=x", "-netdev tap,id=n,fd=x: 'fd=x' is not the number of a descriptor")]
    [InlineData("-device virtio-blk-device,drive=d,queue-size=2", "-device virtio-blk-device,drive=d,queue-size=2: 'queue-size=2' is not a power of 2 between 4 and 1024")]
    [InlineData("-device virtio-net-device,netdev=n,rx_queue_size=128", "-device virtio-net-device,netdev=n,rx_queue_size=128: 'rx_queue_size=128' is not a power of 2 between 256 and 1024")]
    [InlineData("-device virtio-net-device,netdev=n,tx_queue_size=512", "-device virtio-net-device,netdev=n,tx_queue_size=512: 'tx_queue_size=512' is not supported; only tx_queue_size=256 is")]
    [InlineData("-drive file=/d,format=raw,if=none,id=d0,rerror=enospc", "-drive file=/d,format=raw,if=none,id=d0,rerror=enospc: 'rerror=enospc' is not an error policy; there are report, ignore, stop, auto, and enospc for werror")]
    [InlineData("-device loader", "-device loader: 'file' is missing; please include valid arguments")]
    [InlineData("-device loader,cpu-num=0", "-device loader,cpu-num=0: 'file' is missing; please include valid arguments")]
    [InlineData("-device loader,addr=4096", "-device loader,addr=4096: 'cpu-num' must be specified when setting a program counter")]
    [InlineData("-device loader,addr=4096,data=5", "-device loader,addr=4096,data=5: 'data-len' is missing; both data and data-len must be specified")]
    [InlineData("-device loader,addr=4096,data=5,data-len=9", "-device loader,addr=4096,data=5,data-len=9: 'data-len=9' cannot be greater than 8 bytes")]
    [InlineData("-device loader,file=x,data=5,data-len=4", "-device loader,file=x,data=5,data-len=4: 'file' is not supported when loading memory values")]
    [InlineData("-device loader,file=x,addr=0xg", "-device loader,file=x,addr=0xg: 'addr=0xg' is not a number")]
    [InlineData("-device loader,file=x -guest staircase", "-guest: cannot be used together with -bios, -kernel, -dtb or -device loader")]
    [InlineData("-netdev stream,id=n,addr.type=vsock", "-netdev stream,id=n,addr.type=vsock: 'addr.type=vsock' is not supported; there are unix and inet")]
    [InlineData("-initrd x", "-initrd: needs -kernel")]
    [InlineData("-append x", "-append: needs -kernel")]
    [InlineData("-guest staircase -kernel x", "-guest: cannot be used together with -bios, -kernel, -dtb or -device loader")]
    [InlineData("-guest linux", "-guest linux: 'linux' is not a built-in guest; there is staircase")]
    [InlineData("-guest staircase,speed=1", "-guest staircase,speed=1: 'speed=1' is not supported")]
    [InlineData("-guest staircase -bios x", "-guest: cannot be used together with -bios, -kernel, -dtb or -device loader")]
    [InlineData("-serial stdio -qmp stdio", "stdio: cannot be used by several of serial port (which has it with -nographic and no -serial), monitors and chardevs")]
    [InlineData("-serial stdio -monitor stdio", "stdio: cannot be used by several of serial port (which has it with -nographic and no -serial), monitors and chardevs")]
    [InlineData("-qmp stdio -qmp-pretty stdio", "stdio: cannot be used by several of serial port (which has it with -nographic and no -serial), monitors and chardevs")]
    [InlineData("-nographic -qmp stdio", "stdio: cannot be used by several of serial port (which has it with -nographic and no -serial), monitors and chardevs")]
    [InlineData("-nographic -monitor stdio", "stdio: cannot be used by several of serial port (which has it with -nographic and no -serial), monitors and chardevs")]
    [InlineData("-chardev stdio,id=c -serial stdio", "stdio: cannot be used by several of serial port (which has it with -nographic and no -serial), monitors and chardevs")]
    [InlineData("-chardev stdio,id=c -chardev stdio,id=d", "stdio: cannot be used by several of serial port (which has it with -nographic and no -serial), monitors and chardevs")]
    [InlineData("-chardev stdio,id=c -serial chardev:c -mon c", "-serial: chardev 'c' is already in use")]
    [InlineData("-chardev null,id=c -serial chardev:c -device virtio-serial-device -device virtconsole,chardev=c", "-device virtconsole: chardev 'c' is already in use")]
    public void Parse_NotSupported_IsRefusedByName(string line, string expected)
    {
        CommandException refusal = Assert.Throws<CommandException>(() => Parse(line));
        Assert.Equal(expected, refusal.Message);
        Assert.Equal(ExitCode.WrongUsage, refusal.ExitStatus);
    }

    [Theory]
    [InlineData("", "null")]
    [InlineData("-nographic", "stdio")]
    [InlineData("-nographic -nodefaults -monitor stdio", "null")]
    [InlineData("-nographic -serial null -qmp stdio", "null")]
    [InlineData("-chardev stdio,id=c -serial chardev:c", "stdio")]
    public void Parse_StandardStreamsWithOneUser_AreItsOwn(string line, string serial) => Assert.Equal(serial, Parse(line).Serial);

    [Theory]
    [InlineData("-pidfile")]
    [InlineData("-kernel")]
    [InlineData("-initrd")]
    [InlineData("-bios")]
    [InlineData("-dtb")]
    public void Parse_EmptyFileName_IsRefusedByName(string option)
    {
        CommandException refusal = Assert.Throws<CommandException>(() => RunOptionParser.Parse([option, ""]));
        Assert.Equal($"{option} '': expected the name of a file", refusal.Message);
        Assert.Equal(ExitCode.WrongUsage, refusal.ExitStatus);
    }

    [Theory]
    [InlineData("-serial unix:")]
    [InlineData("-chardev socket,id=c,path=")]
    [InlineData("-qmp unix:")]
    [InlineData("-netdev stream,id=n,addr.type=unix,addr.path=")]
    public void Parse_SocketPathLongerThanTheKernelTakes_IsRefused(string option)
    {
        Parse(option + "/" + new string('x', 106) + ",server=on");
        CommandException refusal = Assert.Throws<CommandException>(() => Parse(option + "/" + new string('x', 107) + ",server=on"));
        Assert.Contains("107 bytes", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.WrongUsage, refusal.ExitStatus);
    }

    private static RunOptions Parse(string line) => RunOptionParser.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
