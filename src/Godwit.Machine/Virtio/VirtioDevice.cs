using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine;

/// <summary>What all virtio devices share: features, status, configuration, queues, and the notification of the driver.</summary>
/// <remarks>All members are used under the big lock.</remarks>
public abstract class VirtioDevice : IDisposable
{
    private readonly byte[] _config;
    private byte _isr;

    private protected VirtioDevice(string name, uint deviceId, uint sectionVersion, ulong features, int configBytes, GuestDma dma, ReadOnlySpan<uint> queueSizes)
    {
        Name = name;
        DeviceId = deviceId;
        SectionVersion = sectionVersion;
        HostFeatures = features | VirtioConstants.CommonFeatures;
        Dma = dma;
        _config = new byte[configBytes];
        Queues = new Virtqueue[queueSizes.Length];
        for (int i = 0; i < queueSizes.Length; i++)
            Queues[i] = new Virtqueue(dma, i, queueSizes[i]);
    }

    /// <summary>Last part of the section's name, for instance <c>virtio-blk</c>.</summary>
    public string Name { get; }

    /// <summary>The standard's number of the device type.</summary>
    public uint DeviceId { get; }

    /// <summary>Version of the section.</summary>
    public uint SectionVersion { get; }

    /// <summary>All that the device offers.</summary>
    public ulong HostFeatures { get; }

    /// <summary>What a modern driver does not get to see.</summary>
    internal virtual ulong LegacyOnlyFeatures => VirtioConstants.LegacyOnlyFeatures;

    /// <summary>What the driver accepted.</summary>
    public ulong GuestFeatures { get; internal set; }

    /// <summary>The driver's status byte.</summary>
    public byte Status { get; internal set; }

    /// <summary>Whether the driver broke its own ring; nothing is taken from it until a reset.</summary>
    public bool IsBroken { get; internal set; }

    /// <summary>Whether the driver has set the device going since the last reset.</summary>
    public bool IsStarted { get; internal set; }

    internal bool IsDisabled { get; set; }

    /// <summary>While false, nothing moves by itself: the machine is stopped.</summary>
    internal bool IsRunning { get; private set; } = true;

    internal Virtqueue[] Queues { get; }

    internal ushort SelectedQueue { get; set; }

    internal byte Isr
    {
        get => _isr;
        set
        {
            _isr = value;
            SetInterrupt?.Invoke(value != 0);
        }
    }

    /// <summary>The transport's interrupt line.</summary>
    internal Action<bool>? SetInterrupt { get; set; }

    internal ReadOnlySpan<byte> Config => _config;

    private protected GuestDma Dma { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads the configuration as the driver does; past its end all bits are ones.</summary>
    internal ulong ReadConfig(ulong offset, int sizeBytes)
    {
        FillConfig(_config);
        if (offset > (ulong)_config.Length || (ulong)sizeBytes > (ulong)_config.Length - offset)
            return ulong.MaxValue;
        ulong value = 0;
        for (int i = sizeBytes; i-- > 0;)
            value = (value << 8) | _config[(int)offset + i];
        return value;
    }

    internal void WriteConfig(ulong offset, int sizeBytes, ulong value)
    {
        FillConfig(_config);
        if (offset > (ulong)_config.Length || (ulong)sizeBytes > (ulong)_config.Length - offset)
            return;
        for (int i = 0; i < sizeBytes; i++)
            _config[(int)offset + i] = (byte)(value >> (8 * i));
        ConfigWritten(_config);
    }

    internal void Notify(int queue)
    {
        if (queue < Queues.Length && !IsBroken && IsRunning && Queues[queue].IsReady)
            HandleQueue(Queues[queue]);
    }

    internal void WriteStatus(byte status)
    {
        if (status == 0)
        {
            Reset();
            return;
        }

        Status = status;
        if ((status & VirtioConstants.StatusDriverOk) != 0 && !IsStarted)
        {
            IsStarted = true;
            Started();
        }
    }

    internal virtual void Reset()
    {
        GuestFeatures = 0;
        Status = 0;
        SelectedQueue = 0;
        IsBroken = IsStarted = IsDisabled = false;
        Isr = 0;
        foreach (Virtqueue queue in Queues)
            queue.Reset();
        Array.Clear(_config);
    }

    /// <summary>Does beforehand, while the guest runs, what would hold up <see cref="Pause"/>. The big lock is not held.</summary>
    internal virtual void PrepareToPause()
    {
    }

    /// <summary>Returns when nothing is under way in the background; nothing begins until <see cref="Resume"/>. The big lock is not held.</summary>
    internal virtual void Pause() => IsRunning = false;

    /// <summary>Goes on, and takes up what came in meanwhile. The big lock is held.</summary>
    internal virtual void Resume()
    {
        IsRunning = true;
        foreach (Virtqueue queue in Queues)
        {
            if (!IsBroken && queue.IsReady && (Status & VirtioConstants.StatusDriverOk) != 0)
                HandleQueue(queue);
        }
    }

    /// <summary>Tells the driver that the configuration has changed.</summary>
    internal void NotifyConfig()
    {
        if ((Status & VirtioConstants.StatusDriverOk) != 0)
            Isr |= VirtioConstants.IsrUsedBuffer | VirtioConstants.IsrConfigChange;
    }

    /// <summary>Writes the device's own part of the section.</summary>
    internal abstract void SaveOwn(MigrationWriter writer, PeerProfile peer);

    /// <summary>Reads the device's own part of the section.</summary>
    internal abstract void LoadOwn(MigrationReader reader);

    /// <summary>Whether the state has the used and avail addresses of modern rings and the transport's own state.</summary>
    internal bool IsModern { get; set; }

    /// <summary>After everything is loaded, with queues and features in place.</summary>
    internal virtual void Loaded()
    {
    }

    /// <summary>After a load the interrupt controller has its own state; the line is not raised a second time.</summary>
    internal void SetIsrWithoutInterrupt(byte isr) => _isr = isr;

    internal void LoadConfig(ReadOnlySpan<byte> config) => config[..Math.Min(config.Length, _config.Length)].CopyTo(_config);

    /// <summary>The driver has rung for a queue.</summary>
    private protected abstract void HandleQueue(Virtqueue queue);

    /// <summary>Writes the current configuration.</summary>
    private protected abstract void FillConfig(Span<byte> config);

    private protected virtual void ConfigWritten(ReadOnlySpan<byte> config)
    {
    }

    private protected virtual void Started()
    {
    }

    /// <summary>Takes the next request; null when there is none or the ring is broken.</summary>
    private protected VirtioRequest? Pop(Virtqueue queue)
    {
        if (IsBroken)
            return null;
        VirtqueueResult result = queue.TryPop((GuestFeatures & VirtioConstants.FeatureEventIndex) != 0, out VirtioRequest? request);
        if (result == VirtqueueResult.Broken)
            Break();
        return request;
    }

    /// <summary>Gives a request back and tells the driver if it wants to know.</summary>
    private protected void Push(Virtqueue queue, VirtioRequest request, uint writtenBytes)
    {
        if (!IsBroken)
            FinishPush(queue, queue.TryFill(0, request.Head, writtenBytes), 1);
    }

    /// <summary>Shows requests that were prepared by <see cref="Virtqueue.TryFill"/> and tells the driver if it wants to know.</summary>
    private protected void FinishPush(Virtqueue queue, bool isPrepared, int count)
    {
        if (!isPrepared || !queue.TryPublish(count))
            Break();
        else if (queue.ShouldNotify(GuestFeatures))
            Isr |= VirtioConstants.IsrUsedBuffer;
    }

    private protected void Break()
    {
        IsBroken = true;
        if (IsModern && (GuestFeatures & VirtioConstants.FeatureVersion1) != 0)
        {
            Status |= VirtioConstants.StatusNeedsReset;
            NotifyConfig();
        }
    }

    /// <summary>Lets go of back ends.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
