namespace Godwit.Snapshot;

/// <summary>The JSON description at the end of a stream.</summary>
internal sealed class StreamDescription
{
    private int _next;

    public DescribedBody? Configuration { get; set; }

    public long? PageSize { get; set; }

    public List<DescribedDevice> Devices { get; } = [];

    /// <summary>Matches a section: the next device in stream order, else the first unused one of that identity.</summary>
    public DescribedDevice? Match(string idString, uint instanceId)
    {
        while (_next < Devices.Count && Devices[_next].IsUsed)
            _next++;
        for (int i = _next; i < Devices.Count; i++)
        {
            DescribedDevice device = Devices[i];
            if (device.IsUsed || !device.Name.Equals(idString, StringComparison.Ordinal) || unchecked((uint)device.InstanceId) != instanceId)
                continue;
            device.IsUsed = true;
            return device;
        }

        return null;
    }
}
