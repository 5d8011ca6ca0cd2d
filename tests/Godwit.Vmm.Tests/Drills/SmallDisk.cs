using System.Diagnostics;
using System.Globalization;

namespace Godwit.Vmm.Tests.Drills;

/// <summary>A file system in memory with little room. Only a privileged process can mount one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _path;

    public SmallDisk(string path, int kilobytes)
    {
        _path = path;
        Directory.CreateDirectory(path);
        Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={kilobytes}k"), "godwit-test", path);
    }

    /// <summary>A file on it.</summary>
    public string FullFile => Path.Combine(_path, "stream");

    /// <summary>The names of what is on it.</summary>
    public IEnumerable<string?> Files => Directory.GetFileSystemEntries(_path).Select(Path.GetFileName);

    /// <summary>The room that a file takes, without its holes.</summary>
    public static long AllocatedKilobytes(string path)
    {
        using Process process = Process.Start(new ProcessStartInfo("stat", ["-c", "%b", path]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return long.Parse(text, CultureInfo.InvariantCulture) / 2;
    }

    public void Dispose() => Run("umount", _path);

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} ended with status {process.ExitCode}");
    }
}
