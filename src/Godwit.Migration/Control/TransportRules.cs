using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>Which capabilities need which transport; the same on both sides.</summary>
internal static class TransportRules
{
    /// <summary>Checks in the peers' order. Returns the refusal, or null when the address will do.</summary>
    public static string? Check(MigrationAddress address, MigrationCapabilities capabilities, MigrationParameters parameters)
    {
        if (capabilities.MappedRam && !address.IsSeekable)
            return "Migration requires seekable transport (e.g. file)";
        var isMultiChannel = address.IsMultiChannel || (address.IsSeekable && capabilities.MappedRam);
        if ((capabilities.MultiFd || capabilities.PostcopyPreempt) && !isMultiChannel)
            return "Migration requires multi-channel URIs (e.g. tcp)";
        if (capabilities.MultiFd && parameters[MigrationParameter.DirectIo].Flag && !address.IsSeekable)
            return "Migration requires a transport that allows for extra fds (e.g. file)";
        return null;
    }
}
