using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>semaphore.h</c>.</summary>
internal static unsafe partial class SemaphoreHeader
{
    /// <summary>Bytes kept for a <c>sem_t</c>, which has 32.</summary>
    internal static nuint RoomBytes => 64;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sem_init(void* sem, int pshared, uint value);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sem_destroy(void* sem);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sem_post(void* sem);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sem_wait(void* sem);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sem_timedwait(void* sem, timespec* abs_timeout);

    /// <summary>A moment by the clock of the day, as <c>sem_timedwait</c> takes it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct timespec
    {
        internal long tv_sec;
        internal long tv_nsec;
    }
}
