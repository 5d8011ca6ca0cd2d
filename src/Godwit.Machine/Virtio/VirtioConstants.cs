namespace Godwit.Machine;

/// <summary>Numbers of the virtio standard (Virtual I/O Device 1.2) and of the limits of the machines that this one exchanges guests with.</summary>
internal static class VirtioConstants
{
    /// <summary>Most entries of a ring, and most segments of a request.</summary>
    public const int MaximumRingEntries = 1024;

    /// <summary>Queues that a device's state has room for.</summary>
    public const int MaximumQueues = 1024;

    public const byte StatusDriverOk = 4;
    public const byte StatusFeaturesOk = 8;
    public const byte StatusNeedsReset = 64;

    public const byte IsrUsedBuffer = 1;
    public const byte IsrConfigChange = 2;

    public const ushort DescriptorNext = 1;
    public const ushort DescriptorWrite = 2;
    public const ushort DescriptorIndirect = 4;
    public const int DescriptorBytes = 16;

    public const ushort AvailNoInterrupt = 1;

    public const ulong FeatureNotifyOnEmpty = 1UL << 24;
    public const ulong FeatureAnyLayout = 1UL << 27;
    public const ulong FeatureIndirect = 1UL << 28;
    public const ulong FeatureEventIndex = 1UL << 29;
    public const ulong FeatureVersion1 = 1UL << 32;
    public const ulong FeatureRingReset = 1UL << 40;

    /// <summary>What every device of these machines offers on top of its own.</summary>
    public const ulong CommonFeatures = FeatureNotifyOnEmpty | FeatureIndirect | FeatureEventIndex | FeatureVersion1 | FeatureRingReset;

    /// <summary>Offered only through a legacy transport.</summary>
    public const ulong LegacyOnlyFeatures = FeatureNotifyOnEmpty | FeatureAnyLayout;
}
