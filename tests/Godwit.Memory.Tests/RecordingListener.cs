using System.Globalization;

namespace Godwit.Memory.Tests;

/// <summary>Writes down every callback, with its name in front.</summary>
internal sealed class RecordingListener(string name, List<string> log, int priority = 0) : MemoryListener
{
    public override int Priority => priority;

    public bool IsGlobal { get; init; }

    public string? StartError { get; set; }

    public Action<MemorySection>? OnSync { get; set; }

    public override bool SyncsGlobally => IsGlobal;

    public override void Begin() => Add("begin");

    public override void Commit() => Add("commit");

    public override void RegionAdd(MemorySection section) => Add($"add {Text(section)}");

    public override void RegionDelete(MemorySection section) => Add($"del {Text(section)}");

    public override void RegionNop(MemorySection section) => Add($"nop {Text(section)}");

    public override void LogStart(MemorySection section, DirtyClientMask oldMask, DirtyClientMask newMask)
        => Add($"start {Text(section)} {(int)oldMask}->{(int)newMask}");

    public override void LogStop(MemorySection section, DirtyClientMask oldMask, DirtyClientMask newMask)
        => Add($"stop {Text(section)} {(int)oldMask}->{(int)newMask}");

    public override void LogSync(MemorySection section)
    {
        Add($"sync {Text(section)}");
        OnSync?.Invoke(section);
    }

    public override void LogSyncGlobal(bool lastStage) => Add($"syncglobal {lastStage}");

    public override void LogClear(MemorySection section) => Add($"clear {Text(section)}");

    public override bool LogGlobalStart(out string? error)
    {
        Add("globalstart");
        error = StartError;
        return error is null;
    }

    public override void LogGlobalStop() => Add("globalstop");

    public override void LogGlobalAfterSync() => Add("aftersync");

    private static string Text(MemorySection section)
        => string.Create(CultureInfo.InvariantCulture, $"{section.Start.Value:x}+{(ulong)section.Size:x} {section.Region.Name}@{section.OffsetInRegion:x}");

    private void Add(string what) => log.Add($"{name}: {what}");
}
