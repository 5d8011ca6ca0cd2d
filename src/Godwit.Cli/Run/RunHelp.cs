namespace Godwit.Cli;

/// <summary>The options of <c>godwit run</c> for people, in groups.</summary>
internal static class RunHelp
{
    public const string Text =
        """
        Description:
          run a virtual machine in the foreground
          Options are spelled as QEMU spells them; one that is not supported is refused by name.

        Usage:
          godwit run [OPTION [VALUE]]…

        Machine:
          -M, -machine virt[,OPTION…]     the board: aia=none, aclint=off, acpi=off, memory-backend=ID,
                                          dumpdtb=FILE (write the device tree and end)
          -cpu rv64[,FEATURE=off…]        the CPU model
          -accel soft                     what runs it (tcg is taken as soft)
          -smp N                          harts, 1 to 8 (default 1)
          -name NAME, -uuid UUID          what the machine is called
          -S                              do not start before 'cont'
          -no-reboot                      end instead of a reset
          -pidfile FILE                   write the process id there while it runs

        Memory:
          -m SIZE                         guest RAM, 2M to 1T; a plain number is MiB (default 128M)
          -mem-prealloc                   touch all of it at the start
          -object memory-backend-ram|memory-backend-memfd,id=ID,size=SIZE[,share=on][,prealloc=on]
          -object memory-backend-file,id=ID,size=SIZE,mem-path=FILE,share=on[,prealloc=on]

        Guest:
          -guest staircase[,rate=PAGES/S][,pages=N]
                                          the built-in guest instead of a kernel
          -bios default|none|FILE         firmware; 'default' is the host's OpenSBI, as with -kernel alone
          -kernel FILE, -initrd FILE      Linux and its initial RAM disk
          -append TEXT                    kernel command line
          -dtb FILE                       device tree instead of the machine's own

        Devices:
          -drive file=FILE,format=raw,if=none,id=ID[,readonly=on][,werror=…][,rerror=…]
          -netdev stream|dgram|socket|tap|hubport,id=ID,…
          -chardev null|stdio|file|socket,id=ID[,path=PATH][,server=on,wait=off]
          -serial stdio|null|file:PATH|unix:PATH[,server=on]|chardev:ID
                                          the serial port (default null, with -nographic stdio)
          -device virtio-blk-device,drive=ID[,serial=TEXT][,queue-size=N]
          -device virtio-net-device,netdev=ID[,mac=ADDR][,rx_queue_size=N]
          -device virtio-rng-device
          -device virtio-serial-device -device virtconsole,chardev=ID
          -device virtio-balloon-device[,free-page-reporting=on][,free-page-hint=on,iothread=ID]
          -device loader,file=FILE|data=N,data-len=N[,addr=ADDR][,cpu-num=N][,force-raw=on]
                                          virtio devices take id=NAME and bus=virtio-mmio-bus.N as well
          -object iothread,id=ID
          -global virtio-mmio.force-legacy=false
                                          virtio 1.0 transports
          -nographic, -nodefaults, -no-user-config
          -display none, -vga none, -parallel none, -net none, -nic none
                                          taken for the sake of scripts: there is no such device

        Monitors:
          -qmp stdio|unix:PATH|tcp:HOST:PORT[,server=on][,wait=off]
                                          a QMP server; -qmp-pretty indents what it says
          -monitor none|stdio|unix:PATH|tcp:HOST:PORT[,server=on][,wait=off]
                                          a human monitor
          -mon chardev=ID[,mode=control|readline][,pretty=on]
                                          a monitor on a chardev

        Migration and snapshots:
          -incoming URI|defer             wait for a guest: tcp:HOST:PORT, unix:PATH, fd:NAME, exec:COMMAND, file:PATH;
                                          defer waits for 'migrate-incoming' to say where from
          -global migration.NAME=VALUE    set a capability or parameter (as QEMU names its properties)
          -drive file=DIR,format=snapshots,if=none,id=ID
                                          a directory that 'savevm' and 'snapshot-save' write to
          -loadvm TAG                     begin with that snapshot

        """;
}
