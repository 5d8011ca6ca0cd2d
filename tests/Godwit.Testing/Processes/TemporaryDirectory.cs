namespace Godwit.Testing;

/// <summary>A folder of a test's own, short enough for the path of a UNIX socket, deleted at the end.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Makes the folder.</summary>
    public TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("gw").FullName;

    /// <summary>The folder's path.</summary>
    public string Path { get; }

    /// <summary>A path inside the folder.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A process that is just ending may still create a file in it; the system's clean-up of the folder is enough then.
        }
    }
}
