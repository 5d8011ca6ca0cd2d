using System.Globalization;

namespace Godwit.Snapshot;

/// <summary>A report as an indented tree, one line per item, offsets in hexadecimal.</summary>
internal sealed class InspectText
{
    private const int IndentWidth = 2;

    private readonly InspectReport _report;
    private readonly TextWriter _output;
    private readonly InspectViewOptions _options;
    private readonly int _sizeWidth;

    private InspectText(InspectReport report, TextWriter output, InspectViewOptions options)
    {
        _report = report;
        _output = output;
        _options = options;
        _sizeWidth = Math.Max(8, report.Bytes.ToString(CultureInfo.InvariantCulture).Length);
    }

    public static void Write(InspectReport report, TextWriter output, InspectViewOptions options) =>
        new InspectText(report, output, options).Write();

    private void Write()
    {
        WriteSummary();
        foreach (StreamItem item in _report.Items)
            WriteItem(item, indent: 0);
        foreach (InspectError error in _report.Errors)
            _output.WriteLine($"error at {Hex(error.Offset)}{Place(error)}: {error.Reason}{Detail(error)}");
    }

    private static string Place(InspectError error) => error.Section is null ? "" : $" in '{error.Section}'";

    private static string Detail(InspectError error) => (error.Expected, error.Found) switch
    {
        (null, null) => "",
        (null, _) => $" (found {error.Found})",
        (_, null) => $" (expected {error.Expected})",
        _ => $" (expected {error.Expected}, found {error.Found})",
    };

    private static string Hex(long offset) => offset.ToString("x8", CultureInfo.InvariantCulture);

    private static string Counts(PageCounts pages)
    {
        var parts = new List<string>();
        Part(parts, pages.Normal, "normal");
        Part(parts, pages.Zero, "zero");
        Part(parts, pages.Xbzrle, "xbzrle");
        Part(parts, pages.Compressed, "compressed");
        return parts.Count == 0 ? "no pages" : string.Join(", ", parts) + " pages";
    }

    private static void Part(List<string> parts, long count, string kind)
    {
        if (count != 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{count} {kind}"));
    }

    private void WriteSummary()
    {
        var parts = new List<string> { StreamNames.Format(_report.Format), string.Create(CultureInfo.InvariantCulture, $"{_report.Bytes} bytes") };
        parts.Add(_report.IsComplete ? "complete" : "INCOMPLETE");
        if (_report.Machine is not null)
            parts.Add("machine " + _report.Machine);
        parts.Add(string.Create(CultureInfo.InvariantCulture, $"page size {_report.PageSizeBytes}"));
        if (_report.Capabilities.Count != 0)
            parts.Add("capabilities " + string.Join(' ', _report.Capabilities));
        if (_report.Uuid is Guid uuid)
            parts.Add($"uuid {uuid}");
        _output.WriteLine(string.Join(", ", parts));
        foreach (RamBlockInfo block in _report.RamBlocks)
            WriteBlock(block);
        _output.WriteLine(Counts(_report.Pages));
    }

    private void WriteBlock(RamBlockInfo block)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"  ram block {block.Name}: 0x{block.UsedLengthBytes:x} bytes, page size {block.PageSizeBytes}");
        if (block.GuestAddress is ulong address)
            line += string.Create(CultureInfo.InvariantCulture, $", at 0x{address:x}");
        if (block.PagesOffset is long pages)
            line += string.Create(CultureInfo.InvariantCulture, $", bitmap at 0x{block.BitmapOffset:x}, pages at 0x{pages:x}");
        if (block.Pages is PageCounts counts)
            line += ", " + Counts(counts);
        _output.WriteLine(line);
    }

    private void WriteItem(StreamItem item, int indent)
    {
        if (!_options.Shows(item))
            return;
        WriteLine(item.Offset, item.Length, indent, StreamNames.Kind(item.Kind).PadRight(14) + Describe(item));
        if (item.Body is StreamBody body && (_options.ShowFields || _options.Section is not null))
            WriteBody(body, indent + 1);
        if (_options.ShowPages)
            WriteRuns(item, indent + 1);
        foreach (StreamItem nested in item.Items ?? [])
            WriteItem(nested, indent + 1);
    }

    private static string Describe(StreamItem item)
    {
        var parts = new List<string>();
        if (item.IdString is not null)
            parts.Add(item.IdString);
        if (item.Command is not null)
            parts.Add(item.Command);
        if (item.InstanceId is uint instance)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"instance {instance}"));
        if (item.VersionId is uint version)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"version {version}"));
        if (item.SectionId is uint id)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"id {id}"));
        if (item.Pages is PageCounts pages)
            parts.Add(Counts(pages));
        if (!item.Payload.IsEmpty)
            parts.Add(Convert.ToHexStringLower(item.Payload.Span));
        return string.Join("  ", parts);
    }

    private void WriteBody(StreamBody body, int indent)
    {
        foreach (StreamField field in body.Fields)
            WriteField(field, indent);
        foreach (StreamBody subsection in body.Subsections)
        {
            WriteLine(subsection.Offset, subsection.Length, indent, string.Create(CultureInfo.InvariantCulture, $"subsection {subsection.Name}  version {subsection.Version}"));
            WriteBody(subsection, indent + 1);
        }
    }

    private void WriteField(StreamField field, int indent)
    {
        string length = field.ArrayLength is int count ? string.Create(CultureInfo.InvariantCulture, $"[{count}]") : "";
        string value = field.Bodies is null ? " = " + FieldValues.Text(field, _options.Full) : "";
        WriteLine(field.Offset, field.Size, indent, $"{field.Name}: {field.Type}{length}{value}");
        IReadOnlyList<StreamBody> bodies = field.Bodies ?? [];
        for (int i = 0; i < bodies.Count; i++)
        {
            if (bodies.Count > 1)
                WriteLine(bodies[i].Offset, bodies[i].Length, indent + 1, string.Create(CultureInfo.InvariantCulture, $"[{i}] {bodies[i].Name}"));
            WriteBody(bodies[i], indent + (bodies.Count > 1 ? 2 : 1));
        }
    }

    private void WriteRuns(StreamItem item, int indent)
    {
        foreach (StreamPageRun run in item.PageRuns ?? [])
        {
            string text = string.Create(
                CultureInfo.InvariantCulture, $"{run.Block} 0x{run.BlockOffset:x}  {run.Count} {StreamNames.Page(run.Kind)}");
            _output.WriteLine($"{Hex(run.StreamOffset)}  {new string(' ', _sizeWidth)}  {new string(' ', indent * IndentWidth)}{text}");
        }
    }

    private void WriteLine(long offset, long size, int indent, string text)
    {
        string number = size.ToString(CultureInfo.InvariantCulture).PadLeft(_sizeWidth);
        _output.WriteLine($"{Hex(offset)}  {number}  {new string(' ', indent * IndentWidth)}{text}".TrimEnd());
    }
}
