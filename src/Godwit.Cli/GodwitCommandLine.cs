using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;

namespace Godwit.Cli;

/// <summary>The grammar of the command and its rules for errors and exit codes.</summary>
internal sealed class GodwitCommandLine
{
    private readonly ICommandHost _host;
    private readonly RootCommand _root;
    private readonly IVerb[] _verbs;

    public GodwitCommandLine(ICommandHost host)
    {
        _host = host;
        _verbs = [new DemoVerb(host), new RunVerb(host), new MigrateVerb(host), new InspectVerb(host)];
        _root = new RootCommand("Live migration for virtual machines, in QEMU's own protocol.");
        foreach (IVerb verb in _verbs)
            _root.Subcommands.Add(verb.Command);
        foreach (HelpOption help in _root.Options.OfType<HelpOption>())
            help.Action = new HelpWithExamples((HelpAction)help.Action!, _verbs);
    }

    /// <summary>The version that <c>--version</c> prints.</summary>
    public static string Version { get; } =
        typeof(GodwitCommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>Runs one command line; every failure ends here as a line and an exit code.</summary>
    public async Task<int> RunAsync(string[] arguments, CancellationToken interrupt)
    {
        try
        {
            // `run` has QEMU's spelling, which is another grammar: single dashes, values with commas.
            if (arguments is ["run", .. string[] options] && !options.Any(o => o is "--help" or "-h" or "-help" or "-?"))
                return await RunVerb.RunAsync(_host, options, interrupt);
            return await InvokeAsync(arguments, interrupt);
        }
        catch (CommandException e)
        {
            Print(e);
            return e.ExitStatus;
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
        {
            _host.Error.WriteLine("godwit: interrupted");
            return ExitCode.Interrupted;
        }
#pragma warning disable CA1031 // The top of the command: what nobody expected becomes one line as well.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Print(e);
            return ExitCode.Failed;
        }
    }

    private async Task<int> InvokeAsync(string[] arguments, CancellationToken interrupt)
    {
        if (arguments.Length == 0)
            arguments = ["--help"];
        if (arguments is ["--version"])
        {
            _host.Out.WriteLine($"godwit {Version}");
            return ExitCode.Done;
        }

        if (arguments[0] is not ['-' or '[' or '@' or '/', ..] && !Array.Exists(_verbs, v => v.Command.Name == arguments[0]))
            throw CommandException.Usage(arguments[0], $"is not a verb; there are {string.Join(", ", _verbs.Select(v => v.Command.Name))}");
        ParseResult parsed = _root.Parse(arguments);
        bool isDirective = arguments[0].StartsWith('[');
        if (parsed.Errors.Count > 0 && !isDirective && parsed.Action is not HelpWithExamples)
        {
            foreach (var error in parsed.Errors)
                _host.Error.WriteLine($"godwit: {string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}");
            return ExitCode.WrongUsage;
        }

        var configuration = new InvocationConfiguration
        {
            Output = _host.Out,
            Error = _host.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return await parsed.InvokeAsync(configuration, interrupt);
    }

    private void Print(Exception e)
    {
        string text = e is CommandException ? e.Message : $"unexpected failure: {e.Message.ReplaceLineEndings(" ")} ({e.GetType().Name})";
        _host.Error.WriteLine($"godwit: {text}");
        if (Environment.GetEnvironmentVariable("GODWIT_DEBUG") == "1")
            _host.Error.WriteLine(e);
    }

    /// <summary>The usual help with an example at the end.</summary>
    private sealed class HelpWithExamples(HelpAction inner, IVerb[] verbs) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            Command command = parseResult.CommandResult.Command;
            IVerb[] shown = [.. verbs.Where(v => command is RootCommand || v.Command == command)];
            int result = ExitCode.Done;
            if (shown is [{ OwnHelp: { } help }])
                output.WriteLine(help);
            else
                result = inner.Invoke(parseResult);
            output.WriteLine(shown.Length == 1 ? "Example:" : "Examples:");
            foreach (IVerb verb in shown)
                output.WriteLine($"  {verb.Example}");
            return result;
        }
    }
}
