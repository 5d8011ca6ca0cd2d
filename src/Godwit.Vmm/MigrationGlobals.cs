using Godwit.Migration;

namespace Godwit.Vmm;

/// <summary>Settings given at start as <c>-global migration.NAME=VALUE</c> (<c>docs/formats/qmp.md</c>, "Globals").</summary>
public static class MigrationGlobals
{
    // Parameters whose property name has a prefix; all other parameters go by their own name.
    private static readonly HashSet<string> _prefixedParameters = new(
        ["throttle-trigger-threshold", "cpu-throttle-initial", "cpu-throttle-increment", "cpu-throttle-tailslow", "max-bandwidth", "downtime-limit"],
        StringComparer.Ordinal);

    // They change the stream itself; only what this program writes can be asked for.
    private static readonly Dictionary<string, string> _fixed = new(StringComparer.Ordinal)
    {
        ["store-global-state"] = "on",
        ["send-configuration"] = "on",
        ["send-section-footer"] = "on",
        ["send-switchover-start"] = "on",
        ["x-clear-bitmap-shift"] = "18",
        ["x-preempt-pre-7-2"] = "off",
        ["multifd-clean-tls-termination"] = "on",
    };

    /// <summary>Applies the pairs in order, capabilities as one set.</summary>
    /// <param name="settings">The machine's settings.</param>
    /// <param name="globals">Names without the prefix <c>migration.</c>, and values.</param>
    /// <exception cref="VmRefusedException">A name is unknown, or a value is not accepted; the text is for standard error.</exception>
    public static void Apply(MigrationSettings settings, IReadOnlyList<KeyValuePair<string, string>> globals)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(globals);
        var capabilities = new List<KeyValuePair<string, bool>>();
        foreach ((string name, string value) in globals)
        {
            try
            {
                ApplyOne(settings, capabilities, name, value);
            }
            catch (MigrationRefusedException e)
            {
                throw new VmRefusedException($"can't apply global migration.{name}={value}: {e.Message}", e);
            }
        }

        try
        {
            if (capabilities.Count > 0)
                settings.SetCapabilities(capabilities);
        }
        catch (MigrationRefusedException e)
        {
            throw new VmRefusedException(e.Message, e);
        }
    }

    private static void ApplyOne(MigrationSettings settings, List<KeyValuePair<string, bool>> capabilities, string name, string value)
    {
        if (_fixed.TryGetValue(name, out string? only))
        {
            if (value != only)
                throw new MigrationRefusedException($"only {only} is supported");
            return;
        }

        if (name is "multifd-flush-after-each-section")
        {
            settings.MultiFdSyncsEachSection = ParseSwitch(name, value);
            return;
        }

        string plain = name.StartsWith("x-", StringComparison.Ordinal) ? name[2..] : name;
        string capability = name is "x-colo" ? name : name is "mapped-ram" ? name : plain;
        if ((name != plain || name is "mapped-ram") && MigrationCapabilityTable.TryParse(capability, out _) && IsCapabilityProperty(capability))
        {
            capabilities.Add(KeyValuePair.Create(capability, ParseSwitch(name, value)));
            return;
        }

        string parameter = _prefixedParameters.Contains(plain) ? (name != plain ? plain : "") : name;
        if (MigrationParameterTable.Find(parameter) is not { } info || info.Kind == MigrationParameterKind.List || parameter is "direct-io")
            throw new MigrationRefusedException($"Property 'migration.{name}' not found");
        settings.SetParameters([KeyValuePair.Create(parameter, MigrationParameterText.Parse(info, value, plainUnit: 1))]);
    }

    private static bool ParseSwitch(string name, string value) => value switch
    {
        "on" or "true" or "yes" => true,
        "off" or "false" or "no" => false,
        _ => throw new MigrationRefusedException($"Parameter '{name}' expects 'on' or 'off'"),
    };

    private static bool IsCapabilityProperty(string name) => name is not
        ("pause-before-switchover" or "dirty-bitmaps" or "postcopy-blocktime" or "late-block-activate" or "x-ignore-shared" or "validate-uuid");
}
