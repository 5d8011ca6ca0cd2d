using System.Net;

namespace Godwit.Cli;

/// <summary>A <c>-netdev</c>: the host's end of a network cable.</summary>
/// <param name="Id">What devices call it.</param>
/// <param name="Kind"><c>stream</c>, <c>dgram</c>, <c>tap</c> or <c>hubport</c>; <c>socket</c> is a stream.</param>
/// <param name="Local">Where it listens or is bound; null for a stream that connects.</param>
/// <param name="Remote">Where it connects or sends; null for a stream that listens.</param>
internal sealed record NetSetting(string Id, string Kind, EndPoint? Local, EndPoint? Remote)
{
    /// <summary>Name of a tap's interface; null for one that is given by <see cref="Descriptor"/>.</summary>
    public string? Interface { get; init; }

    /// <summary>Number of an open descriptor of a tap.</summary>
    public int Descriptor { get; init; } = -1;
}
