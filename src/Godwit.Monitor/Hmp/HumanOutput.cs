using System.Globalization;
using System.Text;
using Godwit.Qmp;

namespace Godwit.Monitor;

/// <summary>What a line of the human monitor prints, and who asked.</summary>
internal sealed class HumanOutput
{
    private readonly StringBuilder _text = new();

    public HumanOutput(QmpNamedFiles files, bool canWait)
    {
        Files = files;
        CanWait = canWait;
    }

    /// <summary>Descriptors of the connection.</summary>
    public QmpNamedFiles Files { get; }

    /// <summary>True on a monitor of its own, where a command may take as long as it likes.</summary>
    public bool CanWait { get; }

    /// <summary>Set by a command that has to go on after its output was shown.</summary>
    public Func<CancellationToken, Task>? Continuation { get; set; }

    public void Line(string text) => _text.Append(text).Append("\r\n");

    public void Line(FormattableString text) => Line(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>Text whose lines end in LF.</summary>
    public void Block(string text) => _text.Append(text.ReplaceLineEndings("\r\n"));

    public override string ToString() => _text.ToString();
}
