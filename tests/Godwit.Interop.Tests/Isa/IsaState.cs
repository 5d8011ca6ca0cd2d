using Godwit.Snapshot;

namespace Godwit.Interop.Tests;

/// <summary>Where a machine is after an image: its RAM and the body of its <c>cpu</c> section.</summary>
/// <param name="Ram">All of it.</param>
/// <param name="Cpu">Body of the section <c>cpu</c>, version 10.</param>
/// <param name="Fields">Names, offsets and lengths of the fields in the body; empty when the body does not come with a description.</param>
internal sealed record IsaState(byte[] Ram, byte[] Cpu, IReadOnlyList<(string Name, int Offset, int Length)> Fields)
{
    private const string RamBlock = "riscv_virt_board.ram";

    /// <summary>Reads a migration stream.</summary>
    public static IsaState FromStream(string path, long ramBytes)
    {
        using FileStream file = File.OpenRead(path);
        InspectReport report = StreamInspector.Inspect(file, new InspectOptions { ListPages = true });
        if (!report.IsComplete)
            throw new InvalidDataException($"the stream cannot be read: {report.Errors[0]}");
        byte[] ram = new byte[ramBytes];
        byte[] header = new byte[8];
        foreach (StreamPageRun run in report.Items.Where(item => item.PageRuns is not null).SelectMany(item => item.PageRuns!))
        {
            if (run.Block != RamBlock)
                continue;
            Span<byte> target = ram.AsSpan((int)run.BlockOffset, checked((int)(run.Count * 4096)));
            if (run.Kind == PageKind.Zero)
                target.Clear();
            else if (run.Kind == PageKind.Normal)
                ReadPages(file, run, target, header);
            else
                throw new InvalidDataException($"pages of kind {run.Kind} were not asked for");
        }

        StreamBody body = report.Items.Single(item => item.IdString is "cpu" && item.InstanceId == 0).Body!;
        byte[] cpu = new byte[body.Length];
        file.Position = body.Offset;
        file.ReadExactly(cpu);
        var fields = new List<(string Name, int Offset, int Length)>();
        Collect(body, string.Empty, body.Offset, fields);
        return new IsaState(ram, cpu, fields);
    }

    private static void ReadPages(FileStream file, StreamPageRun run, Span<byte> target, byte[] header)
    {
        // A page's record is its address with flags, the block's name unless the block goes on, then the page.
        file.Position = run.StreamOffset;
        for (int i = 0; i < run.Count; i++)
        {
            file.ReadExactly(header);
            bool continues = (header[7] & 0x20) != 0;
            if (!continues)
            {
                int nameLength = file.ReadByte();
                file.Position += nameLength;
            }

            file.ReadExactly(target.Slice(i * 4096, 4096));
        }
    }

    private static void Collect(StreamBody body, string prefix, long start, List<(string Name, int Offset, int Length)> into)
    {
        foreach (StreamField field in body.Fields)
        {
            if (field.Bodies is { } bodies)
            {
                for (int i = 0; i < bodies.Count; i++)
                    Collect(bodies[i], FormattableString.Invariant($"{prefix}{field.Name}[{i}]."), start, into);
                continue;
            }

            for (int i = 0; i < field.ElementCount; i++)
            {
                string index = field.ElementCount > 1 ? FormattableString.Invariant($"[{i}]") : string.Empty;
                into.Add((prefix + field.Name + index, (int)(field.Offset - start) + (i * field.ElementSize), field.ElementSize));
            }
        }

        foreach (StreamBody subsection in body.Subsections)
            Collect(subsection, prefix + subsection.Name + ".", start, into);
    }
}
