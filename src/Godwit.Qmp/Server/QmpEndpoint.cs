namespace Godwit.Qmp;

/// <summary>One monitor of a server: where its clients come from and how it prints.</summary>
/// <param name="Address">Where it listens, or <c>stdio</c>.</param>
/// <param name="IsPretty">True to print replies over many lines.</param>
/// <param name="WaitForClient">True when the start of the machine waits for the first client (<c>wait=on</c>).</param>
public sealed record QmpEndpoint(QmpAddress Address, bool IsPretty = false, bool WaitForClient = false)
{
    /// <summary>Reads QEMU's spelling: <c>unix:PATH,server=on,wait=off</c>, <c>tcp:HOST:PORT,server,nowait</c>, <c>stdio</c>.</summary>
    /// <param name="text">The text behind <c>-qmp</c>.</param>
    /// <exception cref="FormatException">An option or value is unknown; the message names it.</exception>
    public static QmpEndpoint Parse(string text)
    {
        string[] parts = text.Split(',');
        if (parts[0] is not "stdio" && !parts[0].StartsWith("unix:", StringComparison.Ordinal) && !parts[0].StartsWith("tcp:", StringComparison.Ordinal))
            throw new FormatException($"'{text}' is not supported: expected unix:PATH, tcp:HOST:PORT or stdio");
        QmpAddress address = QmpAddress.Parse(parts[0]);
        bool server = false;
        bool wait = true;
        foreach (string option in parts.AsSpan(1))
        {
            switch (option)
            {
                case "server" or "server=on":
                    server = true;
                    break;
                case "wait=off" or "nowait":
                    wait = false;
                    break;
                case "wait" or "wait=on":
                    wait = true;
                    break;
                default:
                    throw new FormatException($"option '{option}' of '{text}' is not supported");
            }
        }

        if (address.Kind == QmpAddressKind.Stdio)
            return new QmpEndpoint(address);
        if (!server)
            throw new FormatException($"'{text}' needs server=on: connecting out to a client is not supported");
        return new QmpEndpoint(address, WaitForClient: wait);
    }
}
