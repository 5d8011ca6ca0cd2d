namespace Godwit.Accel.RiscV;

/// <summary>Privilege modes with their architectural numbers.</summary>
public enum PrivilegeMode
{
    /// <summary>U.</summary>
    User = 0,

    /// <summary>S.</summary>
    Supervisor = 1,

    /// <summary>M.</summary>
    Machine = 3,
}
