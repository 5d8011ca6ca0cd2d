using Godwit.Wire;

namespace Godwit.Snapshot;

/// <summary>Why a stream could not be read on.</summary>
/// <param name="Offset">File offset.</param>
/// <param name="Section">The section being read, if one was.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Expected">What would have been right.</param>
/// <param name="Found">What is there.</param>
public sealed record InspectError(long Offset, string? Section, string Reason, string? Expected, string? Found)
{
    internal static InspectError From(StreamFormatException error) =>
        new(error.Offset, error.Section, error.Reason, error.Expected, error.Found);
}
