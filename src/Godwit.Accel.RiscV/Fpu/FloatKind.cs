namespace Godwit.Accel.RiscV;

/// <summary>What a floating-point value is.</summary>
internal enum FloatKind
{
    /// <summary>A zero.</summary>
    Zero = 0,

    /// <summary>A finite value other than zero.</summary>
    Finite = 1,

    /// <summary>An infinity.</summary>
    Infinity = 2,

    /// <summary>A NaN that signals nothing.</summary>
    QuietNaN = 3,

    /// <summary>A NaN that raises the invalid flag.</summary>
    SignallingNaN = 4,
}
