namespace Godwit.Qmp;

/// <summary>Kinds of transport for QMP.</summary>
public enum QmpAddressKind
{
    /// <summary>A UNIX stream socket; the only kind that passes descriptors.</summary>
    Unix = 1,

    /// <summary>A TCP port.</summary>
    Tcp,

    /// <summary>Standard input and output.</summary>
    Stdio,
}
