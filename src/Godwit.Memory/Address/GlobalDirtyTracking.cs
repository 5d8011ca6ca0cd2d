namespace Godwit.Memory;

/// <summary>Why dirty pages of the whole guest are logged; logging is on while any reason holds.</summary>
[Flags]
public enum GlobalDirtyTracking
{
    /// <summary>No reason.</summary>
    None = 0,

    /// <summary>Memory is copied while the guest runs.</summary>
    Migration = 1,

    /// <summary>The dirty rate is measured.</summary>
    DirtyRate = 2,

    /// <summary>The dirty rate is limited.</summary>
    DirtyLimit = 4,
}
