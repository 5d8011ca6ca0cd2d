using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>The calling thread as the kernel knows it.</summary>
public static class HostThread
{
    /// <summary>The thread's number, as tools such as <c>taskset</c> and <c>ps -L</c> use it.</summary>
    public static int CurrentId => Unistd.gettid();
}
