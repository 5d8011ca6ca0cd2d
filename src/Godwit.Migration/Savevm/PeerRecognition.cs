using Godwit.VmState;

namespace Godwit.Migration;

/// <summary>Recognises the release of a source: by the sections whose version differs from release to release.</summary>
internal sealed class PeerRecognition
{
    private readonly List<PeerProfile> _candidates = [.. PeerProfile.All];
    private bool _hasEvidence;

    /// <summary>Takes note of a section.</summary>
    public void Note(SaveStateEntry entry, uint version)
    {
        if (entry.LoadableDescriptions.Count < 2)
            return;
        _hasEvidence = true;
        _candidates.RemoveAll(profile => entry.GetVersion(profile) != version);
    }

    /// <summary>The release; the given one as long as it is among those that it can be.</summary>
    public PeerProfile Recognise(PeerProfile own) =>
        !_hasEvidence || _candidates.Count == 0 || _candidates.Contains(own) ? own
        : _candidates.Contains(PeerProfile.Default) ? PeerProfile.Default
        : _candidates[^1];
}
