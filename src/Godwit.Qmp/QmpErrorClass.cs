namespace Godwit.Qmp;

/// <summary>The error classes that are left in QMP; their names are the wire names.</summary>
public enum QmpErrorClass
{
    /// <summary>Everything without a class of its own.</summary>
    GenericError = 1,

    /// <summary>The command does not exist, or not in this state of the negotiation.</summary>
    CommandNotFound,

    /// <summary>A device has to be active for the command.</summary>
    DeviceNotActive,

    /// <summary>No such device, path or instance.</summary>
    DeviceNotFound,

    /// <summary>KVM lacks a capability.</summary>
    KVMMissingCap,
}
