using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;

namespace Godwit.Architecture.Tests;

/// <summary>Reads the built assemblies and the sources, and holds the rules of the house against them.</summary>
public sealed partial class HouseTests
{
    public static TheoryData<string> Assemblies => new(Floors.Of.Keys.Where(name => File.Exists(PathOf(name))));

    [Fact]
    public void Assemblies_EveryProjectOfTheSource_HasAFloor()
    {
        string[] projects = [.. Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path)!)];
        Assert.NotEmpty(projects);
        foreach (string project in projects)
        {
            string assembly = project == "Godwit.Cli" ? "godwit" : project;
            Assert.True(Floors.Of.ContainsKey(assembly), $"{project} stands on no floor");
            Assert.True(File.Exists(PathOf(assembly)), $"{project} was not built beside these tests");
        }
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void References_OfAnAssembly_GoDownAFloor(string name)
    {
        using PEReader file = new(File.OpenRead(PathOf(name)));
        MetadataReader metadata = file.GetMetadataReader();
        foreach (AssemblyReferenceHandle handle in metadata.AssemblyReferences)
        {
            string used = metadata.GetString(metadata.GetAssemblyReference(handle).Name);
            if (Floors.Of.TryGetValue(used, out int floor))
                Assert.True(floor < Floors.Of[name], $"{name} (floor {Floors.Of[name]}) uses {used} (floor {floor})");
        }
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void References_BelowTheMonitor_UseTheBaseLibraryAndLoggingAlone(string name)
    {
        if (Floors.Of[name] > 6)
            return;
        using PEReader file = new(File.OpenRead(PathOf(name)));
        MetadataReader metadata = file.GetMetadataReader();
        foreach (AssemblyReferenceHandle handle in metadata.AssemblyReferences)
        {
            string used = metadata.GetString(metadata.GetAssemblyReference(handle).Name);
            bool known = Floors.Of.ContainsKey(used) || used.StartsWith("System.", StringComparison.Ordinal)
                || used is "System" or "netstandard" or "mscorlib" or "Microsoft.Extensions.Logging.Abstractions" or "Microsoft.Win32.Primitives";
            Assert.True(known && used != "System.Console", $"{name} uses {used}");
        }
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void NativeCalls_OfAnAssembly_StandInNativeOnly(string name)
    {
        using PEReader file = new(File.OpenRead(PathOf(name)));
        MetadataReader metadata = file.GetMetadataReader();
        string[] imports = [.. metadata.MethodDefinitions.Select(metadata.GetMethodDefinition)
            .Where(method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl))
            .Select(method => metadata.GetString(method.Name))];
        if (name == "Godwit.Native")
            Assert.NotEmpty(imports);
        else
            Assert.Empty(imports);
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void UnsafeCode_OfAnAssembly_StandsInItsRoomsOnly(string name)
    {
        using PEReader file = new(File.OpenRead(PathOf(name)));
        MetadataReader metadata = file.GetMetadataReader();
        // The compiler marks every module that was built with unsafe code allowed.
        bool marked = metadata.GetModuleDefinition().GetCustomAttributes().Any(handle => AttributeName(metadata, handle) == "UnverifiableCodeAttribute");
        Assert.True(!marked || Floors.Unsafe.Contains(name), $"{name} allows unsafe code");
    }

    [Fact]
    public void Sources_OfTheProject_HoldNoUnfinishedMarks()
    {
        foreach (string path in Sources())
        {
            Match match = UnfinishedMark().Match(File.ReadAllText(path));
            Assert.False(match.Success, $"{Path.GetRelativePath(Root, path)}: {match.Value}");
        }
    }

    [Fact]
    public void Sources_OfTheProject_AreShortEnoughToRead()
    {
        foreach (string path in Sources())
        {
            int lines = File.ReadLines(path).Count();
            Assert.True(lines <= 500, $"{Path.GetRelativePath(Root, path)} has {lines} lines; two files with good names?");
        }
    }

    [Fact]
    public void Documentation_LinksToFiles_LeadSomewhere()
    {
        string[] pages = [.. Directory.EnumerateFiles(Root, "*.md"), .. Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)];
        Assert.NotEmpty(pages);
        foreach (string page in pages)
        {
            foreach (Match link in RelativeLink().Matches(File.ReadAllText(page)))
            {
                string target = Path.Combine(Path.GetDirectoryName(page)!, link.Groups["target"].Value);
                Assert.True(Path.Exists(target), $"{Path.GetRelativePath(Root, page)} links to {link.Groups["target"].Value}");
            }
        }
    }

    [Fact]
    public void Sources_PagesTheyName_Exist()
    {
        foreach (string path in Sources())
        {
            foreach (Match page in NamedPage().Matches(File.ReadAllText(path)))
                Assert.True(File.Exists(Path.Combine(Root, page.Value)), $"{Path.GetRelativePath(Root, path)} names {page.Value}");
        }
    }

    private static string Root { get; } = FindRoot();

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories);

    private static string PathOf(string assembly) => Path.Combine(AppContext.BaseDirectory, assembly + ".dll");

    private static string FindRoot()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Godwit.slnx")))
            directory = Path.GetDirectoryName(directory) ?? throw new DirectoryNotFoundException("no Godwit.slnx above the tests");
        return directory;
    }

    private static string? AttributeName(MetadataReader metadata, CustomAttributeHandle handle)
    {
        CustomAttribute attribute = metadata.GetCustomAttribute(handle);
        if (attribute.Constructor.Kind != HandleKind.MemberReference)
            return null;
        MemberReference constructor = metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor);
        return constructor.Parent.Kind == HandleKind.TypeReference
            ? metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)constructor.Parent).Name)
            : null;
    }

    [GeneratedRegex("NotImplementedException|TODO|FIXME|HACK", RegexOptions.CultureInvariant)]
    private static partial Regex UnfinishedMark();

    [GeneratedRegex(@"\]\((?!https?:)(?<target>[^)#\s]+)", RegexOptions.CultureInvariant)]
    private static partial Regex RelativeLink();

    [GeneratedRegex(@"\bdocs/[\w/.-]+\.md\b", RegexOptions.CultureInvariant)]
    private static partial Regex NamedPage();
}
