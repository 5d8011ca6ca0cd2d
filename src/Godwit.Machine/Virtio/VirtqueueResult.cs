namespace Godwit.Machine;

/// <summary>How taking a request from a ring ended.</summary>
internal enum VirtqueueResult
{
    /// <summary>There is none.</summary>
    Empty,

    /// <summary>One was taken.</summary>
    Ok,

    /// <summary>The ring makes no sense; the device stops until the driver resets it.</summary>
    Broken,
}
