namespace Godwit.VmState;

/// <summary>Checks a description for mistakes that would only show when a peer disagrees.</summary>
public static class VmStateValidator
{
    /// <summary>Checks a description and everything nested in it.</summary>
    /// <returns>One line per finding, with the path of the description; empty when all is well.</returns>
    public static IReadOnlyList<string> Validate(VmStateDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        var findings = new List<string>();
        Check(description, description.Name, [], findings);
        return findings;
    }

    /// <summary>Checks every description of a registry.</summary>
    public static IReadOnlyList<string> Validate(VmStateRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        var findings = new List<string>();
        foreach (SaveStateEntry entry in registry.Entries)
        {
            if (entry.Description is not null)
                Check(entry.Description, entry.IdString, [], findings);
            foreach (VmStateDescription variant in entry.LoadableDescriptions)
            {
                if (variant != entry.Description)
                    Check(variant, entry.IdString, [], findings);
            }
        }

        return findings;
    }

    private static void Check(VmStateDescription description, string path, HashSet<VmStateDescription> above, List<string> findings)
    {
        if (!above.Add(description))
        {
            findings.Add($"{path}: the description contains itself");
            return;
        }

        if (!IsAscii(description.Name))
            findings.Add($"{path}: the name is not printable ASCII");
        CheckFields(description, path, above, findings);
        CheckSubsections(description, path, above, findings);
        above.Remove(description);
    }

    private static void CheckFields(VmStateDescription description, string path, HashSet<VmStateDescription> above, List<string> findings)
    {
        var unconditional = new HashSet<string>(StringComparer.Ordinal);
        foreach (VmStateField field in description.AllFields)
        {
            if (field.MustExist)
                continue;
            string place = $"{path}/{field.Name}";
            if (field.Since > description.Version && !field.HasPredicate)
                findings.Add($"{place}: present since version {field.Since}, but the description is of version {description.Version}");
            if (!field.HasPredicate && field.WireType is not "unused_buffer" && !unconditional.Add(field.Name))
                findings.Add($"{place}: two fields without predicate have this name");
            if (field.Nested is null)
                continue;
            CheckNestedVersions(field, place, findings);
            Check(field.Nested, place, above, findings);
        }
    }

    /// <summary>Containers load their elements with the field's version, and save them with the element's own.</summary>
    private static void CheckNestedVersions(VmStateField field, string place, List<string> findings)
    {
        if (field.NestedLoadVersion is not uint loadVersion || field.Nested is not { } nested)
            return;
        uint saveVersion = field.WireType is "vstruct" ? loadVersion : nested.Version;
        if (loadVersion > nested.Version)
            findings.Add($"{place}: loads '{nested.Name}' as version {loadVersion}, above its version {nested.Version}");
        if (loadVersion < nested.MinimumVersion)
            findings.Add($"{place}: loads '{nested.Name}' as version {loadVersion}, below its minimum {nested.MinimumVersion}");
        foreach (VmStateField inner in nested.AllFields)
        {
            if (!inner.HasPredicate && inner.Since <= saveVersion && inner.Since > loadVersion)
                findings.Add($"{place}: '{inner.Name}' is saved (version {saveVersion}) but not loaded (version {loadVersion})");
        }
    }

    private static void CheckSubsections(VmStateDescription description, string path, HashSet<VmStateDescription> above, List<string> findings)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (VmStateDescription subsection in description.AllSubsections)
        {
            string place = $"{path}/{subsection.Name}";
            if (subsection.Name.Length <= description.Name.Length || !subsection.Name.StartsWith(description.Name, StringComparison.Ordinal))
                findings.Add($"{place}: a subsection's name has to go on from its parent's, '{description.Name}'");
            foreach (string sibling in names)
            {
                if (subsection.Name.StartsWith(sibling, StringComparison.Ordinal) && subsection.Name.Length > sibling.Length)
                    findings.Add($"{place}: a reader inside '{sibling}' takes it for a subsection of that");
            }

            if (!names.Add(subsection.Name))
                findings.Add($"{place}: two subsections have this name");
            if (subsection.EarlySetup || subsection.Unmigratable || subsection.Priority != MigrationPriority.Default)
                findings.Add($"{place}: priority, early setup and unmigratable mean nothing in a subsection");
            Check(subsection, place, above, findings);
        }
    }

    private static bool IsAscii(string name) => name.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;
}
