using System.Text.Json.Nodes;
using Godwit.Machine;

namespace Godwit.Vmm;

/// <summary>The event of a request that the host failed, <c>BLOCK_IO_ERROR</c> (docs/formats/qmp.md).</summary>
internal static class DiskErrorReport
{
    public static JsonObject ToJson(DiskErrorEventArgs e)
    {
        var data = new JsonObject { ["device"] = e.DriveId };
        if (e.IsNoSpace is { } isNoSpace)
            data["nospace"] = isNoSpace;
        if (e.DeviceId is { } id)
            data["qom-path"] = $"/machine/peripheral/{id}";
        data["reason"] = e.Reason;
        data["operation"] = e.IsWrite ? "write" : "read";
        data["action"] = e.Action switch
        {
            DiskErrorAction.Stop => "stop",
            DiskErrorAction.Ignore => "ignore",
            _ => "report",
        };
        return data;
    }
}
