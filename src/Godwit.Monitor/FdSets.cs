using System.Text.Json.Nodes;
using Godwit.Native;
using Godwit.Qmp;

namespace Godwit.Monitor;

/// <summary>Numbered sets of descriptors (<c>add-fd</c>), usable as <c>file:/dev/fdset/N</c>; they outlive the connection.</summary>
public sealed class FdSets : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, List<(FileDescriptor File, string? Opaque)>> _sets = [];

    /// <summary>Adds a descriptor to a set; takes ownership.</summary>
    /// <param name="file">The descriptor.</param>
    /// <param name="setId">The set, made if it is not there; null for the lowest free number.</param>
    /// <param name="opaque">A remark that is given back by queries.</param>
    /// <returns>The set's number.</returns>
    public long Add(FileDescriptor file, long? setId, string? opaque)
    {
        lock (_lock)
        {
            long id = setId ?? 0;
            while (setId is null && _sets.ContainsKey(id))
                id++;
            if (!_sets.TryGetValue(id, out var files))
                _sets.Add(id, files = []);
            files.Add((file, opaque));
            return id;
        }
    }

    /// <summary>Removes a descriptor of a set, or all of them.</summary>
    /// <param name="setId">The set.</param>
    /// <param name="fd">Number of the descriptor; null for all.</param>
    /// <exception cref="QmpException">There is no such set or descriptor.</exception>
    public void Remove(long setId, long? fd)
    {
        string name = fd is null ? $"fdset-id:{setId}" : $"fdset-id:{setId}, fd:{fd}";
        lock (_lock)
        {
            if (!_sets.TryGetValue(setId, out var files))
                throw new QmpException($"File descriptor named '{name}' not found");
            List<(FileDescriptor File, string? Opaque)> removed = [.. files.Where(f => fd is null || f.File.Number == fd)];
            if (removed.Count == 0)
                throw new QmpException($"File descriptor named '{name}' not found");
            foreach (var entry in removed)
            {
                files.Remove(entry);
                entry.File.Dispose();
            }

            if (files.Count == 0)
                _sets.Remove(setId);
        }
    }

    /// <summary>A duplicate of a descriptor that is open for the direction; null when the set has none. The caller owns it.</summary>
    /// <param name="setId">The set.</param>
    /// <param name="forWriting">The direction.</param>
    /// <param name="direct">Whether it has to go past the page cache, or must not.</param>
    public FileDescriptor? Open(long setId, bool forWriting, bool direct = false)
    {
        lock (_lock)
        {
            if (!_sets.TryGetValue(setId, out var files))
                return null;
            foreach ((FileDescriptor file, _) in files)
            {
                FileAccessMode mode = file.AccessMode;
                if (file.IsDirect != direct)
                    continue;
                if (mode == FileAccessMode.ReadWrite || mode == (forWriting ? FileAccessMode.Write : FileAccessMode.Read))
                    return file.Duplicate();
            }

            return null;
        }
    }

    /// <summary>The reply of <c>query-fdsets</c>.</summary>
    public JsonArray ToJson()
    {
        var result = new JsonArray();
        lock (_lock)
        {
            foreach ((long id, var files) in _sets)
            {
                var list = new JsonArray();
                foreach ((FileDescriptor file, string? opaque) in files)
                {
                    var entry = new JsonObject { ["fd"] = file.Number };
                    if (opaque is not null)
                        entry["opaque"] = opaque;
                    list.Add((JsonNode)entry);
                }

                result.Add((JsonNode)new JsonObject { ["fds"] = list, ["fdset-id"] = id });
            }
        }

        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var files in _sets.Values)
            {
                foreach ((FileDescriptor file, _) in files)
                    file.Dispose();
            }

            _sets.Clear();
        }
    }
}
