namespace Godwit.Accel.RiscV;

/// <summary>What a memory access wants to do.</summary>
internal enum AccessType
{
    /// <summary>Read data.</summary>
    Load = 0,

    /// <summary>Write data, or read and write it.</summary>
    Store = 1,

    /// <summary>Fetch an instruction.</summary>
    Fetch = 2,
}
