using System.Diagnostics;

namespace Godwit.MigrationBench;

/// <summary>The bench's own C programs, compiled when they are needed.</summary>
internal static class CProgram
{
    /// <summary>Compiles a program of this folder and returns its path.</summary>
    public static string Build(string name)
    {
        string program = Path.Combine(AppContext.BaseDirectory, name);
        using Process compiler = Process.Start("cc", ["-O2", "-Wall", "-pthread", "-o", program, Path.Combine(AppContext.BaseDirectory, "Baseline", name + ".c")]);
        compiler.WaitForExit();
        return compiler.ExitCode == 0 ? program : throw new BenchException($"the C compiler failed on {name}.c");
    }
}
