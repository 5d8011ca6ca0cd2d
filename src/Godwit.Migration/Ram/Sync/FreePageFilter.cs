using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>Takes pages out of the migration bitmap that the guest says it does not use (docs/formats/ram.md, "Free pages").</summary>
/// <remarks>Made for one migration. The migration thread calls, except that hints come on any thread.</remarks>
internal sealed class FreePageFilter
{
    private readonly IFreePageHints _hints;
    private readonly MigrationBitmap _bitmap;

    /// <summary>Begins to listen to hints.</summary>
    public FreePageFilter(IFreePageHints hints, MigrationBitmap bitmap)
    {
        _hints = hints;
        _bitmap = bitmap;
        hints.Begin(Forget);
    }

    /// <summary>The dirty log is about to be read.</summary>
    public void BeforeSync() => _hints.BeforeSync();

    /// <summary>The dirty log was read.</summary>
    public void AfterSync() => _hints.AfterSync();

    /// <summary>No hint is wanted any more.</summary>
    public void End() => _hints.End();

    private void Forget(RamBlock block, RamOffset offset, ulong lengthBytes)
    {
        // Whole pages only: a part of a page that is in use is in use.
        ulong first = (offset.Value + TargetPage.SizeBytes - 1) >> TargetPage.Bits;
        ulong end = (offset.Value + Math.Min(lengthBytes, block.MaxLengthBytes)) >> TargetPage.Bits;
        foreach (RamBlockBitmap bitmap in _bitmap.Blocks)
        {
            if (ReferenceEquals(bitmap.Block, block) && first < end)
                _bitmap.Forget(bitmap, (long)first, (long)(end - first));
        }
    }
}
