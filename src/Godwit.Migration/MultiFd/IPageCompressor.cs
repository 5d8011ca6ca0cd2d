namespace Godwit.Migration;

/// <summary>Compresses the pages of one data channel: one endless stream, flushed at the end of each payload.</summary>
internal interface IPageCompressor : IDisposable
{
    /// <summary>Which method it is.</summary>
    MultiFdBits Method { get; }

    /// <summary>Starts a payload.</summary>
    void Begin(Memory<byte> payload);

    /// <summary>Takes a page that nobody changes meanwhile.</summary>
    void Add(ReadOnlySpan<byte> page);

    /// <summary>Ends the payload.</summary>
    /// <returns>Its length in bytes.</returns>
    int End();
}
