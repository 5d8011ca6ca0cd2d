namespace Godwit.Testing;

/// <summary>Where the checkout is.</summary>
public static class Repository
{
    /// <summary>The folder of <c>Godwit.slnx</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The built command.</summary>
    public static string GodwitAssembly => Path.Combine(Root, "artifacts", "bin", "Godwit.Cli", "release", "godwit.dll");

    /// <summary>The program that runs <see cref="GodwitAssembly"/>: the one that runs this.</summary>
    public static string RuntimeHost =>
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";

    private static string FindRoot()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Godwit.slnx")))
            directory = Path.GetDirectoryName(directory) ?? throw new DirectoryNotFoundException("no Godwit.slnx above the tests");
        return directory;
    }
}
