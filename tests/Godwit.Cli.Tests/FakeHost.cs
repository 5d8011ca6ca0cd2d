using Spectre.Console;

namespace Godwit.Cli.Tests;

/// <summary>A host whose output is kept for comparison; never a terminal.</summary>
internal sealed class FakeHost : ICommandHost, IDisposable
{
    private readonly MemoryStream _outputBytes = new();

    public StringWriter OutText { get; } = new();

    public StringWriter ErrorText { get; } = new();

    public byte[] Input { get; set; } = [];

    public TextWriter Out => OutText;

    public TextWriter Error => ErrorText;

    public IAnsiConsole? LiveConsole => null;

    public byte[] OutputBytes => _outputBytes.ToArray();

    public Stream OpenInput() => new MemoryStream(Input);

    public Stream OpenOutput() => _outputBytes;

    public void Dispose()
    {
        _outputBytes.Dispose();
        OutText.Dispose();
        ErrorText.Dispose();
    }

    public async Task<int> RunAsync(params string[] arguments)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await new GodwitCommandLine(this).RunAsync(arguments, deadline.Token);
    }
}
