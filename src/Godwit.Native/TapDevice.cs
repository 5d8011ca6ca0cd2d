using System.Text;
using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>A network interface of the host whose cable ends in this process.</summary>
public static unsafe class TapDevice
{
    private const string ClonePath = "/dev/net/tun";

    /// <summary>Attaches to an interface, which is made if it does not exist and may be.</summary>
    /// <param name="name">Its name, 1 to 15 ASCII characters.</param>
    /// <returns>The end of the cable, without blocking: each read and write is one frame without a header.</returns>
    /// <exception cref="ArgumentException">The name cannot be one.</exception>
    /// <exception cref="ErrnoException">There is no such device, or this process may not use it.</exception>
    public static FileDescriptor Open(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or >= LinuxIfTun.IFNAMSIZ || !Ascii.IsValid(name))
            throw new ArgumentException($"'{name}' is no name of an interface: 1 to {LinuxIfTun.IFNAMSIZ - 1} ASCII characters.", nameof(name));
        FileDescriptor descriptor = FileDescriptor.OpenDevice(ClonePath);
        try
        {
            LinuxIfTun.ifreq request = default;
            Encoding.ASCII.GetBytes(name, new Span<byte>(request.ifr_name, LinuxIfTun.IFNAMSIZ));
            request.ifr_flags = LinuxIfTun.IFF_TAP | LinuxIfTun.IFF_NO_PI;
            // SAFETY: the kernel reads and writes the 40 bytes of the structure.
            if (SysIoctl.ioctl(descriptor, LinuxIfTun.TUNSETIFF, &request) != 0)
                throw ErrnoException.ForLast("ioctl(TUNSETIFF)");
            descriptor.SetNonBlocking(true);
            return descriptor;
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>Checks the end of a cable that whoever started this process has opened, and takes the blocking from it.</summary>
    /// <param name="descriptor">The open descriptor; stays the caller's.</param>
    /// <exception cref="ArgumentException">It is none of a tap interface, or its frames have headers, which are not supported.</exception>
    public static void Prepare(FileDescriptor descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        LinuxIfTun.ifreq request = default;
        // SAFETY: the kernel writes the 40 bytes of the structure.
        if (SysIoctl.ioctl(descriptor, LinuxIfTun.TUNGETIFF, &request) != 0 || (request.ifr_flags & LinuxIfTun.IFF_TAP) == 0)
            throw new ArgumentException("The descriptor is none of a tap interface.", nameof(descriptor));
        if ((request.ifr_flags & LinuxIfTun.IFF_VNET_HDR) != 0 || (request.ifr_flags & LinuxIfTun.IFF_NO_PI) == 0)
            throw new ArgumentException("The tap interface puts headers before its frames (IFF_VNET_HDR, or no IFF_NO_PI).", nameof(descriptor));
        descriptor.SetNonBlocking(true);
    }
}
