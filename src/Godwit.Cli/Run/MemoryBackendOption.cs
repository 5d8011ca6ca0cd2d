using Godwit.Vmm;

namespace Godwit.Cli;

/// <summary>One <c>-object memory-backend-…</c>.</summary>
/// <param name="Backend">What the memory is made of.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Preallocates">Whether all of it is touched at the start.</param>
internal sealed record MemoryBackendOption(MemoryBackend Backend, ulong SizeBytes, bool Preallocates)
{
    /// <summary>Reads the value of <c>-object</c>.</summary>
    public static MemoryBackendOption Parse(string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "qom-type");
        string type = v.Take("qom-type") ?? "";
        if (type is not ("memory-backend-ram" or "memory-backend-memfd" or "memory-backend-file"))
            throw v.Refuse(type, "is not a supported object; there are iothread, memory-backend-ram, memory-backend-memfd and memory-backend-file");
        string id = v.Take("id") ?? throw v.Refuse("id", "is missing");
        string size = v.Take("size") ?? throw v.Refuse("size", "is missing");
        ulong bytes = v.RamBytes($"size={size}", size, 1);
        bool preallocates = v.TakeSwitch("prealloc") ?? false;
        bool? shared = v.TakeSwitch("share");
        string? path = null;
        if (type is "memory-backend-file")
        {
            path = v.TakePath("mem-path") ?? throw v.Refuse("mem-path", "is missing");
            if (Directory.Exists(path))
                throw v.Refuse($"mem-path={path}", "is a folder; name a file in it");
            if (shared is not true)
                throw v.Refuse("share=off", "is not supported for a file; share=on is");
        }

        v.End();
        return new MemoryBackendOption(new MemoryBackend(id, path, shared ?? type is "memory-backend-memfd"), bytes, preallocates);
    }
}
