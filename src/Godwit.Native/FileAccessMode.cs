using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>What a descriptor is open for; each value is the <c>O_</c> constant.</summary>
public enum FileAccessMode
{
    /// <summary>Reading only.</summary>
    Read = Fcntl.O_RDONLY,

    /// <summary>Writing only.</summary>
    Write = Fcntl.O_WRONLY,

    /// <summary>Both.</summary>
    ReadWrite = Fcntl.O_RDWR,
}
