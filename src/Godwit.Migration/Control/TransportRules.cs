using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>Which capabilities need which transport; the same on both sides.</summary>
internal static class TransportRules
{
    /// <summary>Checks in the peers' order. Returns the refusal, or null when the address will do.</summary>
    public static string? Check(MigrationAddress address, MigrationCapabilities capabilities)
    {
        if (capabilities.MappedRam && !address.IsSeekable)
            return "Migration requires seekable transport (e.g. file)";

        // Further channels to one file find their places only if the pages have places.
        var isMultiChannel = address.IsSeekable ? capabilities.MappedRam : address.IsMultiChannel;
        if ((capabilities.MultiFd || capabilities.PostcopyPreempt) && !isMultiChannel)
            return "Migration requires multi-channel URIs (e.g. tcp)";
        return null;
    }
}
