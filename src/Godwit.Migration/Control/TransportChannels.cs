using System.Collections.Immutable;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>All channels of one migration: the main one, and later data and urgent ones to the same address.</summary>
internal sealed class TransportChannels(Channel main) : IDisposable
{
    private readonly Lock _lock = new();
    private ImmutableArray<Channel> _all = [main];
    private bool _isShutDown;

    /// <summary>The channel with the stream of sections.</summary>
    public Channel Main => main;

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
