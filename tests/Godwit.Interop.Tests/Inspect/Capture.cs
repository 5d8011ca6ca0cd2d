using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>Makes captures with real QEMUs; each file lives as long as the object.</summary>
internal sealed class Capture : IDisposable
{
    private readonly VmProcess _qemu;

    public Capture(QemuPeer peer, string program, params IEnumerable<string> arguments)
    {
        _qemu = VmProcess.StartQemu(peer, program, ["-nodefaults", .. arguments]);
        Path = _qemu.File("capture");
    }

    /// <summary>The captured stream.</summary>
    public string Path { get; }

    public QmpLink Qmp => _qemu.Qmp;

    public string File(string name) => _qemu.File(name);

    /// <summary>Saves the machine through a pipe.</summary>
    public Capture Save()
    {
        Migrate("exec:cat > " + Path);
        return this;
    }

    /// <summary>Migrates to any address and waits for the end.</summary>
    public void Migrate(string uri)
    {
        Qmp.Execute("migrate", new { uri });
        Qmp.WaitForMigrationEnd();
    }

    public void Dispose() => _qemu.Dispose();
}
