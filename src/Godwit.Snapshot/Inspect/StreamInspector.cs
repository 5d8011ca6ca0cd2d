using Godwit.Wire;

namespace Godwit.Snapshot;

/// <summary>Reads any migration stream, snapshot file or captured channel to its last byte.</summary>
public static class StreamInspector
{
    /// <summary>Inspects a file or pipe; the stream is not closed.</summary>
    /// <remarks>
    /// Never throws for what the bytes say: the report then has what could be read and the error. Input that cannot seek is
    /// spooled into a temporary file from the first device section on. Memory does not follow the size of the guest.
    /// </remarks>
    /// <param name="input">The stream; read from <see cref="InspectOptions.StartOffset"/> on.</param>
    /// <param name="options">How it is inspected; null for the defaults.</param>
    /// <exception cref="IOException">The input cannot be read.</exception>
    public static InspectReport Inspect(Stream input, InspectOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        options ??= new InspectOptions();
        var report = new InspectReport();
        var facts = new StreamFacts { PageSizeBytes = options.PageSizeBytes };
        StreamSource? source = null;
        try
        {
            source = new StreamSource(input, options.StartOffset);
            IChannelWalker walker = ChooseWalker(source, facts, options, report);
            walker.Walk(report.MutableItems);
            report.IsComplete = true;
        }
        catch (StreamFormatException error)
        {
            report.MutableErrors.Add(InspectError.From(error));
        }
        finally
        {
            report.Bytes = GetLength(source, options.StartOffset);
            report.Take(facts);
            source?.Dispose();
        }

        return report;
    }

    private static long GetLength(StreamSource? source, long startOffset) =>
        source is null ? 0 : Math.Max(0, (source.Length ?? source.Position) - startOffset);

    private static IChannelWalker ChooseWalker(StreamSource source, StreamFacts facts, InspectOptions options, InspectReport report)
    {
        ReadOnlySpan<byte> head = source.Peek(4);
        if (head.IsEmpty)
            throw source.Error("the input is empty", "a stream", "end of file");
        if (MultiFdWalker.Recognises(head))
        {
            report.Format = InspectFormat.MultiFdChannel;
            return new MultiFdWalker(source, facts, options);
        }

        if (ReturnPathWalker.Recognises(head))
        {
            report.Format = InspectFormat.ReturnPath;
            return new ReturnPathWalker(source);
        }

        report.Format = InspectFormat.Stream;
        return new MainChannelWalker(source, facts, options, report);
    }
}
