using System.Buffers;
using Godwit.Snapshot;
using Godwit.Wire;

namespace Godwit.Interop.Tests;

/// <summary>What has to hold of every capture of a real QEMU.</summary>
internal static class ReportChecks
{
    /// <summary>Inspects a file: complete, without gap or overlap, and what was decoded gives the same bytes when written again.</summary>
    public static InspectReport InspectWhole(string path, InspectOptions? options = null)
    {
        using FileStream file = File.OpenRead(path);
        InspectReport report = StreamInspector.Inspect(file, options);
        Assert.Empty(report.Errors);
        Assert.True(report.IsComplete);
        long start = options?.StartOffset ?? 0;
        Assert.Equal(file.Length - start, report.Bytes);
        CheckCovers(report.Items, start, file.Length);
        foreach (StreamItem item in report.Items)
            CheckRewritten(item, file);
        return report;
    }

    /// <summary>Each item begins where the one before ended.</summary>
    public static void CheckCovers(IReadOnlyList<StreamItem> items, long start, long end)
    {
        long at = start;
        foreach (StreamItem item in items)
        {
            Assert.Equal(at, item.Offset);
            at += item.Length;
        }

        Assert.Equal(end, at);
    }

    private static void CheckRewritten(StreamItem item, FileStream file)
    {
        if (item.IdString is "ram" || item.Kind is StreamItemKind.Packet or StreamItemKind.Message)
            return;
        Assert.True(StreamRewriter.CanWrite(item), $"{item.Kind} {item.IdString} was not decoded");
        var bytes = new ArrayBufferWriter<byte>();
        MigrationWriter writer = MigrationWriter.ToMemory(bytes);
        StreamRewriter.Write(item, writer);
        writer.Flush();
        var original = new byte[item.Length];
        file.Position = item.Offset;
        file.ReadExactly(original);
        Assert.True(bytes.WrittenSpan.SequenceEqual(original), $"{item.Kind} {item.IdString} at {item.Offset} differs when written again");
    }
}
