using System.CommandLine;
using Godwit.Snapshot;
using Godwit.Wire;

namespace Godwit.Cli;

/// <summary><c>godwit inspect FILE</c>: decodes a migration stream, snapshot file or captured channel to its last byte.</summary>
internal sealed class InspectVerb : IVerb
{
    private readonly ICommandHost _host;
    private readonly Argument<string> _file = new("FILE") { Description = "the stream; - for standard input" };
    private readonly Option<bool> _json = new("--json") { Description = "print one JSON document" };
    private readonly Option<bool> _fields = new("--fields") { Description = "show the fields of every section" };
    private readonly Option<string?> _section = new("--section") { Description = "show only this section, with its fields", HelpName = "NAME" };
    private readonly Option<bool> _pages = new("--pages") { Description = "list the pages of RAM sections" };
    private readonly Option<bool> _full = new("--full") { Description = "show byte buffers whole, not only their first 64 bytes" };
    private readonly Option<string?> _offset = new("--offset") { Description = "where the stream begins in the file (suffixes k, M, G)", HelpName = "BYTES" };

    public InspectVerb(ICommandHost host)
    {
        _host = host;
        Command = new Command("inspect", "decode a migration stream or mapped-ram file to its last byte") { _file, _json, _fields, _section, _pages, _full, _offset };
        Command.SetAction(Run);
    }

    public Command Command { get; }

    public string Example => "godwit inspect --section serial /var/tmp/vm.migration";

    private int Run(ParseResult parsed)
    {
        ulong offset = 0;
        if (parsed.GetValue(_offset) is { } text && (!SizeText.TryParse(text, 1, out offset) || offset > long.MaxValue))
            throw CommandException.Usage($"--offset {text}", "expected a number of bytes");
        string file = parsed.GetRequiredValue(_file);
        bool pages = parsed.GetValue(_pages);
        InspectReport report;
        using (Stream input = Open(file))
            report = Inspect(input, file, new InspectOptions { StartOffset = (long)offset, ListPages = pages });
        var view = new InspectViewOptions
        {
            ShowFields = parsed.GetValue(_fields),
            Section = parsed.GetValue(_section),
            ShowPages = pages,
            Full = parsed.GetValue(_full),
        };
        if (parsed.GetValue(_json))
        {
            using Stream output = _host.OpenOutput();
            report.WriteJson(output, view);
        }
        else
            report.WriteText(_host.Out, view);
        foreach (InspectError error in report.Errors)
            _host.Error.WriteLine($"godwit: inspect: {Line(error)} ({file})");
        bool found = view.Section is null || report.HasItems(view);
        if (!found)
            _host.Error.WriteLine($"godwit: --section {view.Section}: {Sections(report)} ({file})");
        return report.IsComplete && found ? ExitCode.Done : ExitCode.Failed;
    }

    private static string Sections(InspectReport report) => report.SectionNames is { Count: > 0 } names
        ? $"there is no such section; there are {string.Join(", ", names)}"
        : "no section could be read";

    private static string Line(InspectError error)
    {
        string text = error.Section is null ? error.Reason : $"section {error.Section}: {error.Reason}";
        if (error.Expected is not null)
            text += $", expected {error.Expected}";
        if (error.Found is not null)
            text += $", found {error.Found}";
        return $"{text} at offset 0x{error.Offset:x}";
    }

    private static InspectReport Inspect(Stream input, string file, InspectOptions options)
    {
        try
        {
            return StreamInspector.Inspect(input, options);
        }
        catch (IOException e)
        {
            throw new CommandException("inspect", FailureText.Describe(e, file), file, inner: e);
        }
    }

    private Stream Open(string file)
    {
        if (file == "-")
            return _host.OpenInput();
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException("inspect", FailureText.Describe(e, file), file, inner: e);
        }
    }
}
