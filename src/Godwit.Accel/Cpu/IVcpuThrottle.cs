namespace Godwit.Accel;

/// <summary>Keeps all virtual CPUs of a machine from running for a part of their time.</summary>
public interface IVcpuThrottle
{
    /// <summary>Gets or sets the part of their time, in percent, 0 to 99; 0 lets them run. Any thread; takes effect at once.</summary>
    int Percentage { get; set; }
}
