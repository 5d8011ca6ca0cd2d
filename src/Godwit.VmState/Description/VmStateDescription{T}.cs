using System.Globalization;
using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>The state of objects of one type as a table in wire order.</summary>
/// <typeparam name="T">The type of the described objects.</typeparam>
/// <remarks>
/// Hooks refuse by throwing <see cref="VmStateException"/>. A nested description runs its hooks completely at its
/// place in the parent; a subsection's <see cref="PostLoad"/> runs before its parent's.
/// </remarks>
public sealed class VmStateDescription<T> : VmStateDescription
    where T : class
{
    private readonly IReadOnlyList<VmStateField<T>> _fields = [];
    private string[] _jsonNames = [];
    private string[] _markerNames = [];

    /// <summary>Makes a description; fields and hooks are set by initialisers.</summary>
    /// <param name="name">Name on the wire, at most 255 ASCII characters.</param>
    /// <param name="version">The version written, and the highest one accepted.</param>
    /// <param name="minimumVersion">The lowest version accepted.</param>
    public VmStateDescription(string name, uint version, uint minimumVersion = 0)
        : base(name, version, minimumVersion)
    {
    }

    /// <summary>The fields, in wire order.</summary>
    public IReadOnlyList<VmStateField<T>> Fields
    {
        get => _fields;
        init
        {
            _fields = value ?? throw new ArgumentNullException(nameof(value));
            (_jsonNames, _markerNames) = NameFields(value);
        }
    }

    /// <summary>The subsections, in the order in which they are written.</summary>
    public IReadOnlyList<VmStateDescription<T>> Subsections { get; init; } = [];

    /// <summary>False: the section, or the subsection, is left out. Absent means always needed.</summary>
    public Func<T, bool>? Needed { get; init; }

    /// <summary>True while the source has to wait for the guest to give the device up.</summary>
    public Func<T, bool>? UnplugPending { get; init; }

    /// <summary>Before the fields are written: computes derived fields.</summary>
    public Action<T>? PreSave { get; init; }

    /// <summary>After fields and subsections were written, or after a failure in between: only cleans up.</summary>
    public Action<T>? PostSave { get; init; }

    /// <summary>After the version check, before the first field is read: sets defaults.</summary>
    public Action<T>? PreLoad { get; init; }

    /// <summary>After fields and subsections, with the version that was loaded: validates, rebuilds derived state.</summary>
    public Action<T, uint>? PostLoad { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<VmStateField> AllFields => _fields;

    /// <inheritdoc/>
    public override IReadOnlyList<VmStateDescription> AllSubsections => Subsections;

    /// <inheritdoc/>
    public override Type OwnerType => typeof(T);

    internal override bool IsNeededBy(object owner) => Needed is null || Needed((T)owner);

    internal override bool IsUnplugPendingOf(object owner) => UnplugPending is not null && UnplugPending((T)owner);

    internal override void Save(object owner, in SaveContext context, uint version) => Save((T)owner, context, version);

    internal override void Load(object owner, in LoadContext context, uint version) => Load((T)owner, context, version);

    /// <summary>Writes fields and subsections; the caller has opened the JSON object that the body's keys go into.</summary>
    internal void Save(T owner, in SaveContext outer, uint version)
    {
        SaveContext context = outer.Nested(Name);
        PreSave?.Invoke(owner);
        try
        {
            context.Json?.BeginBody(Name, version);
            for (int i = 0; i < _fields.Count; i++)
            {
                VmStateField<T> field = _fields[i];
                if (field.IsPresent(owner, version))
                    field.Save(owner, context, _jsonNames[i], _markerNames[i]);
                else if (field.MustExist)
                    throw new VmStateException($"Output validation failed: {Name}/{field.Name}");
            }

            context.Json?.EndFields();
            SaveSubsections(owner, context);
        }
        finally
        {
            PostSave?.Invoke(owner);
        }
    }

    /// <summary>Reads fields and subsections of the given version.</summary>
    internal void Load(T owner, in LoadContext outer, uint version)
    {
        MigrationReader reader = outer.Reader;
        LoadContext context = outer.Nested(Name);
        if (version > Version)
            throw VmStateErrors.TooNew(reader, Name, version, Version);
        if (version < MinimumVersion)
            throw VmStateErrors.TooOld(reader, context.Profile, Name, version, MinimumVersion);

        RunHook(() => PreLoad?.Invoke(owner), reader, Name, "pre_load");
        foreach (VmStateField<T> field in _fields)
        {
            if (field.IsPresent(owner, version))
                LoadField(field, owner, context);
            else if (field.MustExist)
                throw reader.Error($"Input validation failed: {Name}/{field.Name}");
        }

        SubsectionReader.Load(this, owner, context);
        RunHook(() => PostLoad?.Invoke(owner, version), reader, Name, "post_load");
    }

    private static (string[] Names, string[] MarkerNames) NameFields(IReadOnlyList<VmStateField<T>> fields)
    {
        // Several fields of one list may have the same name; the JSON then numbers them, present or not.
        var names = new string[fields.Count];
        var markers = new string[fields.Count];
        for (int i = 0; i < fields.Count; i++)
        {
            string name = fields[i].Name;
            int before = 0;
            int all = 0;
            for (int j = 0; j < fields.Count; j++)
            {
                if (!name.Equals(fields[j].Name, StringComparison.Ordinal))
                    continue;
                all++;
                before += j < i ? 1 : 0;
            }

            names[i] = all > 1 ? string.Create(CultureInfo.InvariantCulture, $"{name}[{before}]") : name;
            markers[i] = all > 1 ? name + "[-1]" : name;
        }

        return (names, markers);
    }

    private static void RunHook(Action hook, MigrationReader reader, string description, string hookName)
    {
        try
        {
            hook();
        }
        catch (VmStateException refusal)
        {
            throw reader.Error($"{description}: {hookName} failed: {refusal.Message}", refusal.Expected, refusal.Found);
        }
    }

    private void SaveSubsections(T owner, in SaveContext context)
    {
        bool described = false;
        foreach (VmStateDescription<T> subsection in Subsections)
        {
            if (!subsection.IsNeededBy(owner))
                continue;
            if (!described)
                context.Json?.BeginSubsections();
            described = true;
            context.Json?.BeginObject();
            context.Writer.WriteByte((byte)SectionType.Subsection);
            context.Writer.WriteCountedString(subsection.Name);
            context.Writer.WriteUInt32(subsection.Version);
            subsection.Save(owner, context, subsection.Version);
            context.Json?.EndObject();
        }

        if (described)
            context.Json?.EndSubsections();
    }

    private void LoadField(VmStateField<T> field, T owner, in LoadContext context)
    {
        long start = context.Reader.Position;
        try
        {
            field.Load(owner, context);
        }
        catch (VmStateException refusal)
        {
            throw VmStateErrors.FieldFailed(context.Reader, Name, field.Name, start, refusal);
        }
        catch (StreamFormatException cause) when (field.IsLeaf)
        {
            throw VmStateErrors.FieldFailed(context.Reader, Name, field.Name, cause);
        }
    }
}
