namespace Godwit.Qmp;

/// <summary>How a client negotiates and what it keeps.</summary>
public sealed class QmpClientOptions
{
    /// <summary>Asks for out-of-band execution if the server offers it. Default false.</summary>
    public bool EnableOutOfBand { get; set; }

    /// <summary>Events that are kept while nobody reads them; the oldest go first. Default 65536.</summary>
    public int MaximumEvents { get; set; } = 65536;

    /// <summary>How long connecting and negotiating may take. Default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
