using System.Runtime.InteropServices;

namespace Godwit.Qmp;

/// <summary>A token and where its text lies in the reader's text buffer.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct QmpJsonToken(QmpJsonTokenKind Kind, int Start, int Length);
