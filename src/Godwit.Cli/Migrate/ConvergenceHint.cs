namespace Godwit.Cli;

/// <summary>Notices a migration that gets nowhere: for some iterations on end the guest has written about as fast as its memory was sent, or faster.</summary>
internal sealed class ConvergenceHint
{
    /// <summary>Iterations before anything is said: a burst of writes passes, and rates of a single iteration are rough.</summary>
    public const int Patience = 3;

    // A page counts once in an iteration, however often it is written: a guest that writes all of its working set again in each
    // shows a rate just below the throughput, and never above.
    private const double Share = 0.9;

    private long _iteration;
    private long _rate;
    private int _behind;

    /// <summary>Takes the newest numbers.</summary>
    /// <returns>What the user can do, or null while it is not needed.</returns>
    public string? Observe(MigrationInfo info)
    {
        if (info.Status != "active" || !info.HasRam)
        {
            _behind = 0;
            return null;
        }

        // The dirty rate is measured at the end of an iteration, but not more than once a second: in between it is an old one.
        if (info.Iterations != _iteration && info.DirtyPagesPerSecond != _rate && info.MegabitsPerSecond > 0)
        {
            _iteration = info.Iterations;
            _rate = info.DirtyPagesPerSecond;
            double written = info.DirtyPagesPerSecond * (double)info.PageBytes;
            double sent = info.MegabitsPerSecond * 1e6 / 8;
            _behind = written > Share * sent ? _behind + 1 : 0;
        }

        if (_behind < Patience)
            return null;
        const string Text = "the guest writes as fast as is sent; raise max-bandwidth or downtime-limit";
        return info.ThrottlePercent is null ? $"{Text}, or start again with --cap auto-converge if that is off" : Text;
    }
}
