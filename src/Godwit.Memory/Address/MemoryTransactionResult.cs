namespace Godwit.Memory;

/// <summary>How an access to guest-physical memory ended.</summary>
public enum MemoryTransactionResult
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>Nobody answers at the address, or not to an access of this size or alignment.</summary>
    DecodeError = 1,

    /// <summary>The device answered with an error.</summary>
    Error = 2,
}
