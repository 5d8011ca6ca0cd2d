using System.Collections.Immutable;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>All channels of one migration: the main one, data channels, and later an urgent one.</summary>
internal sealed class TransportChannels : IDisposable
{
    private readonly Lock _lock = new();
    private ImmutableArray<Channel> _all = [];
    private bool _isShutDown;

    /// <summary>Starts with the main channel.</summary>
    public TransportChannels(Channel main)
    {
        Main = main;
        Add(main);
    }

    /// <summary>Starts with nothing: connections come in any order.</summary>
    public TransportChannels()
    {
    }

    /// <summary>The channel with the stream of sections; null until it has come.</summary>
    public Channel? Main { get; set; }

    /// <summary>The data channels by number; null for those that have not come.</summary>
    public Channel?[] Data { get; set; } = [];

    /// <summary>Adds a further channel; it is shut down at once when the set has been.</summary>
    public void Add(Channel channel)
    {
        bool late;
        lock (_lock)
        {
            _all = _all.Add(channel);
            late = _isShutDown;
        }

        if (late)
            channel.Shutdown();
    }

    /// <summary>Closes a channel that turned out not to belong to the migration.</summary>
    public void Reject(Channel channel)
    {
        lock (_lock)
            _all = _all.Remove(channel);
        channel.Dispose();
    }

    /// <summary>Wakes every thread that is blocked in one of the channels.</summary>
    public void Shutdown()
    {
        ImmutableArray<Channel> all;
        lock (_lock)
        {
            _isShutDown = true;
            all = _all;
        }

        foreach (var channel in all)
            channel.Shutdown();
    }

    public void Dispose()
    {
        foreach (var channel in _all)
            channel.Dispose();
    }
}
