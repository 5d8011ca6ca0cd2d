namespace Godwit.Migration;

/// <summary>Where an outgoing migration's pages go when they do not go as records on the main channel.</summary>
/// <remarks>The migration thread makes all calls; <see cref="IDisposable.Dispose"/> comes when it has ended.</remarks>
internal interface IPageTransport : IDisposable
{
    /// <summary>Bytes that left beside the main writer, so far.</summary>
    long BytesSent { get; }

    /// <summary>Takes pages that may be read now; counts them in the statistics.</summary>
    void Send(in PageRun run);

    /// <summary>The block list is written.</summary>
    void EndSetup();

    /// <summary>The search goes on at the first block: no page of the next round may overtake one of this round.</summary>
    void EndRound();

    /// <summary>A PART or END section is about to get its end mark; in the latter all pages were handed in and the guest is stopped.</summary>
    void EndSection(bool isLast);
}
