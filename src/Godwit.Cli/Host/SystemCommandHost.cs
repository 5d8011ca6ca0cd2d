using Spectre.Console;

namespace Godwit.Cli;

/// <summary>The process's own standard streams.</summary>
internal sealed class SystemCommandHost : ICommandHost
{
    public SystemCommandHost()
    {
        if (Console.IsErrorRedirected)
            return;
        bool colours = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        LiveConsole = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            ColorSystem = colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
    }

    public TextWriter Out => Console.Out;

    public TextWriter Error => Console.Error;

    public IAnsiConsole? LiveConsole { get; }

    public Stream OpenInput() => Console.OpenStandardInput();

    public Stream OpenOutput() => Console.OpenStandardOutput();
}
