using System.Text.Json.Nodes;
using Godwit.Native;
using Godwit.Qmp;

namespace Godwit.Monitor;

/// <summary>The commands that take descriptors and write guest memory to files.</summary>
internal sealed class FileCommands
{
    private readonly MonitorContext _context;

    public FileCommands(MonitorContext context) => _context = context;

    public void AddTo(QmpCommandTable table)
    {
        table.Add(MonitorContext.Command("getfd", [new("fdname", QmpType.Text)], GetFd));
        table.Add(MonitorContext.Command("closefd", [new("fdname", QmpType.Text)], CloseFd));
        table.Add(MonitorContext.Command("add-fd", [new("fdset-id", QmpType.Signed64, true), new("opaque", QmpType.Text, true)], AddFd));
        table.Add(MonitorContext.Command("remove-fd", [new("fdset-id", QmpType.Signed64), new("fd", QmpType.Signed64, true)], RemoveFd));
        table.Add(MonitorContext.Command("query-fdsets", () => _context.FdSets.ToJson()));
        table.Add(MonitorContext.Command(
            "pmemsave",
            [new("val", QmpType.Signed64), new("size", QmpType.Signed64), new("filename", QmpType.Text)],
            (a, _) =>
            {
                PhysicalMemory.Save(_context.Machine.AddressSpace, a.GetUInt64("val"), a.GetUInt64("size"), a.GetString("filename"));
                return null;
            }));
    }

    private static JsonNode? GetFd(QmpArguments arguments, QmpCommandContext context)
    {
        FileDescriptor file = Take(context);
        string name = arguments.GetString("fdname");
        if (name.Length > 0 && char.IsAsciiDigit(name[0]))
        {
            file.Dispose();
            throw new QmpException("Parameter 'fdname' expects a name not starting with a digit");
        }

        context.Files.Put(name, file);
        return null;
    }

    private static JsonNode? CloseFd(QmpArguments arguments, QmpCommandContext context)
    {
        string name = arguments.GetString("fdname");
        using FileDescriptor file = context.Files.Take(name) ?? throw new QmpException($"File descriptor named '{name}' not found");
        return null;
    }

    private JsonNode? AddFd(QmpArguments arguments, QmpCommandContext context)
    {
        FileDescriptor file = Take(context);
        long? wanted = arguments.Has("fdset-id") ? arguments.GetInt64("fdset-id") : null;
        if (wanted < 0)
        {
            file.Dispose();
            throw new QmpException("Parameter 'fdset-id' expects a non-negative value");
        }

        int number = file.Number;
        long set = _context.FdSets.Add(file, wanted, arguments.GetOptionalString("opaque"));
        return new JsonObject { ["fd"] = number, ["fdset-id"] = set };
    }

    private JsonNode? RemoveFd(QmpArguments arguments, QmpCommandContext context)
    {
        _context.FdSets.Remove(arguments.GetInt64("fdset-id"), arguments.Has("fd") ? arguments.GetInt64("fd") : null);
        return null;
    }

    private static FileDescriptor Take(QmpCommandContext context) =>
        context.TakeDescriptor() ?? throw new QmpException("No file descriptor supplied via SCM_RIGHTS");
}
