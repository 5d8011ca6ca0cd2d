using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Godwit.Native.Tests;

public sealed class NativeConstantsTests
{
    private const string CompilerPath = "/usr/bin/gcc";

    private static readonly string _vectors = Path.Combine(AppContext.BaseDirectory, "vectors");

    [Fact]
    public void Constants_ComparedWithTheVector_AreEqualAndAllThere()
    {
        var vector = ReadVector(File.ReadAllLines(Path.Combine(_vectors, "native-constants.txt")));
        var checkedNames = new HashSet<string>(StringComparer.Ordinal);
        foreach (var type in NativeTypes())
        {
            foreach (var field in type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public).Where(f => f.IsLiteral))
            {
                var name = $"{type.Name}.{field.Name}";
                if (name is "Spawn.OpaqueBytes" or "SignalHeader.SigsetBytes" || name.StartsWith("SysSyscall.", StringComparison.Ordinal) && !vector.ContainsKey(name))
                    continue;
                Assert.True(vector.TryGetValue(name, out var expected), $"{name} is not in the vector");
                Assert.True(expected == Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture), $"{name} should be {expected}");
                checkedNames.Add(name);
            }
        }

        Assert.True(checkedNames.Count > 80, $"only {checkedNames.Count} constants were compared");
    }

    [Fact]
    public void Layouts_ComparedWithTheVector_AreEqual()
    {
        var vector = ReadVector(File.ReadAllLines(Path.Combine(_vectors, "native-constants.txt")));
        var compared = 0;
        foreach (var (name, expected) in vector.Where(line => line.Key.Count(c => c == '.') == 2 && !line.Key.StartsWith("room.", StringComparison.Ordinal)))
        {
            var parts = name.Split('.');
            var type = parts[1] == "iovec"
                ? typeof(HostRange)
                : NativeTypes().Single(t => t.Name == parts[0]).GetNestedType(parts[1], BindingFlags.NonPublic);
            Assert.True(type is not null, $"{name}: no such structure");
            var found = parts[2] == "size" ? Marshal.SizeOf(type) : (long)Marshal.OffsetOf(type, FieldName(parts[2]));
            Assert.True(expected == found, $"{name}: expected {expected}, found {found}");
            compared++;
        }

        Assert.True(compared > 25, $"only {compared} facts were compared");
    }

    [Fact]
    public void Rooms_ComparedWithTheVector_AreLargeEnough()
    {
        var vector = ReadVector(File.ReadAllLines(Path.Combine(_vectors, "native-constants.txt")));

        Assert.True(vector["room.Spawn.OpaqueBytes"] <= Linux.Spawn.OpaqueBytes);
        Assert.True(vector["room.SignalHeader.SigsetBytes"] <= Linux.SignalHeader.SigsetBytes);
        Assert.True(vector["room.SemaphoreHeader.RoomBytes"] <= (long)Linux.SemaphoreHeader.RoomBytes);
    }

    [Fact]
    public void Vector_MadeAgainByTheCompiler_IsTheSame()
    {
        // Where there is no compiler the vector itself is the reference.
        if (!File.Exists(CompilerPath) || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return;
        var program = Path.Combine(Path.GetTempPath(), $"godwit-constants-{Environment.ProcessId}");
        try
        {
            Run(CompilerPath, "-o", program, Path.Combine(_vectors, "native-constants.c"));
            var printed = Run(program).Split('\n', StringSplitOptions.RemoveEmptyEntries);

            Assert.Equal(File.ReadAllLines(Path.Combine(_vectors, "native-constants.txt")), printed);
        }
        finally
        {
            File.Delete(program);
        }
    }

    private static IEnumerable<Type> NativeTypes()
        => typeof(HostRange).Assembly.GetTypes()
            .Where(t => !t.IsNested && (t.Namespace == "Godwit.Native.Linux" || t == typeof(Errno)) && !t.Name.StartsWith('<'));

    private static Dictionary<string, long> ReadVector(IEnumerable<string> lines)
        => lines.Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => long.Parse(parts[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);

    private static string FieldName(string member) => member switch
    {
        "iov_base" => "<Address>k__BackingField",
        "iov_len" => "<LengthBytes>k__BackingField",
        _ => member,
    };

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
