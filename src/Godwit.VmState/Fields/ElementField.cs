using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>A field of one or more elements, each written one after another without a count.</summary>
internal abstract class ElementField<T>(string name, string wireType, uint since, Func<T, uint, bool>? when)
    : VmStateField<T>(name, wireType, since, when)
    where T : class
{
    /// <summary>Every element is preceded by a byte that says whether it is there.</summary>
    protected virtual bool IsAutoAllocated => false;

    /// <summary>The number of elements on the wire, checked against what the object can hold.</summary>
    protected abstract int GetCount(T owner, MigrationReader? reader);

    protected abstract void SaveElement(T owner, int index, in SaveContext context);

    protected abstract void LoadElement(T owner, int index, in LoadContext context);

    /// <summary>The element is a null pointer: a marker byte stands for it.</summary>
    protected virtual bool IsNull(T owner, int index) => false;

    /// <summary>Auto-allocated arrays: makes the element, or drops it.</summary>
    protected virtual void SetPresent(T owner, int index, bool present)
    {
    }

    internal override bool IsCompressible(PeerProfile profile, int depth) =>
        !HasPredicate
        && !(IsAutoAllocated && profile.ArrayIndexStyle == ArrayIndexStyle.None)
        && (Nested is null || Nested.IsCompressible(profile, depth));

    internal override void Save(T owner, in SaveContext context, string jsonName, string markerName)
    {
        int count = GetCount(owner, reader: null);
        bool compressible = IsCompressible(context.Profile, depth: 0);
        bool previousNull = false;
        for (int i = 0; i < count; i++)
        {
            bool isNull = IsNull(owner, i);
            bool opensRun = !compressible || i == 0 || (isNull != previousNull && context.Profile.PointerMarkerTypeName is not null);
            SaveContext element = opensRun ? context : context.WithoutJson();
            int passed = CountPassed(owner, context.Profile, compressible, i, count, isNull != previousNull);
            if (IsAutoAllocated || isNull)
                SaveMarker(element, isNull, compressible, passed, i, markerName);
            if (!isNull)
                SaveDescribed(owner, element, compressible, passed, i, jsonName);
            previousNull = isNull;
        }
    }

    internal override void Load(T owner, in LoadContext context)
    {
        int count = GetCount(owner, context.Reader);
        for (int i = 0; i < count; i++)
        {
            if (IsAutoAllocated)
                SetPresent(owner, i, ReadPresence(context.Reader));
            else if (IsNull(owner, i))
                ExpectNullMarker(context.Reader);
            if (!IsNull(owner, i))
                LoadElement(owner, i, context);
        }
    }

    /// <summary>The element count that decides about array_len and index; releases differ (docs/formats/vmstate.md, "JSON").</summary>
    private int CountPassed(T owner, PeerProfile profile, bool compressible, int index, int count, bool nullnessChanged)
    {
        if (!compressible)
        {
            return profile.ArrayIndexStyle switch
            {
                ArrayIndexStyle.EveryElement => count,
                ArrayIndexStyle.AllButLast => count - index,
                _ => 1,
            };
        }

        if (!nullnessChanged || profile.PointerMarkerTypeName is null)
            return count - index;
        bool isNull = IsNull(owner, index);
        int end = index + 1;
        while (end < count && IsNull(owner, end) == isNull)
            end++;
        return end - index;
    }

    private static void SaveMarker(in SaveContext context, bool isNull, bool compressible, int passed, int index, string name)
    {
        string? typeName = context.Profile.PointerMarkerTypeName;
        VmDescriptionWriter? json = typeName is null ? null : context.Json;
        json?.BeginField(name, compressible, passed, index, typeName!);
        context.Writer.WriteByte(isNull ? StreamConstants.NullPointerMarker : StreamConstants.PointerMarker);
        json?.EndField(1);
    }

    private void SaveDescribed(T owner, in SaveContext context, bool compressible, int passed, int index, string name)
    {
        if (context.Json is not VmDescriptionWriter json)
        {
            SaveElement(owner, index, context);
            return;
        }

        json.BeginField(name, compressible, passed, index, WireType);
        long start = context.Writer.Position;
        SaveElement(owner, index, context);
        json.EndField(context.Writer.Position - start);
    }

    private bool ReadPresence(MigrationReader reader)
    {
        long at = reader.Position;
        byte marker = reader.ReadByte();
        return marker switch
        {
            StreamConstants.PointerMarker => true,
            StreamConstants.NullPointerMarker => false,
            _ => throw reader.Error($"bad pointer marker in '{Name}'", "0x30 or 0x31", VmStateErrors.Text($"0x{marker:x2}"), at),
        };
    }

    private void ExpectNullMarker(MigrationReader reader)
    {
        long at = reader.Position;
        byte marker = reader.ReadByte();
        if (marker != StreamConstants.NullPointerMarker)
            throw reader.Error($"bad null marker in '{Name}'", "0x30", VmStateErrors.Text($"0x{marker:x2}"), at);
    }
}
