namespace Godwit.Migration;

/// <summary>Twin of <see cref="IPageCompressor"/>.</summary>
internal interface IPageDecompressor : IDisposable
{
    /// <summary>Starts a payload.</summary>
    void Begin(ReadOnlyMemory<byte> payload);

    /// <summary>Inflates the next page into its place.</summary>
    /// <returns>Why that is impossible, or null.</returns>
    string? Read(Span<byte> page);

    /// <summary>Ends the payload.</summary>
    /// <returns>What is wrong with what is left of it, or null.</returns>
    string? End();
}
