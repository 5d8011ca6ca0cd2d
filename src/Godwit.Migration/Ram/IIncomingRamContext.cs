using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>What the RAM section needs to know of the incoming migration that it is part of.</summary>
public interface IIncomingRamContext
{
    /// <summary>The data channels by number, their init messages read; empty without multifd.</summary>
    IReadOnlyList<Channel> DataChannels { get; }

    /// <summary>Whether the source brings its data channels into step at the end of each section, and not of each round.</summary>
    bool MultiFdSyncsEachSection { get; }

    /// <summary>Whether a snapshot of a machine that stands still is loaded, for which capabilities mean nothing.</summary>
    bool LoadsSnapshot => false;

    /// <summary>How long a channel may stall where its peer has nothing to wait for.</summary>
    TimeSpan ChannelTimeout { get; }

    /// <summary>The load must end: a data channel failed. Any thread; wakes the loading thread.</summary>
    void ChannelFailed(Exception cause);
}
