using System.Buffers.Binary;
using Godwit.Memory;

namespace Godwit.Machine;

/// <content>Free pages that the guest names while its memory is copied.</content>
/// <remarks>
/// A request is a number in the configuration. The guest answers on its queue: the number, ranges of pages that it holds back for as long,
/// then "stop". A range counts only between the number of the last request and the end of that request.
/// </remarks>
public sealed partial class VirtioBalloon
{
    private const uint CommandStop = 0;
    private const uint CommandDone = 1;
    private const uint FirstHintId = 0x8000_0000;

    private uint _hintId = FirstHintId;
    private FreePageHintStatus _hintStatus;
    private Action<RamBlock, RamOffset, ulong>? _forget;

    // A guest that is asked and answers reads the same number again when something else in the configuration changes.
    private uint HintCommand => _hintStatus switch
    {
        FreePageHintStatus.Stop => CommandStop,
        FreePageHintStatus.Done => CommandDone,
        _ => _hintId,
    };

    /// <inheritdoc/>
    public void Begin(Action<RamBlock, RamOffset, ulong> forget)
    {
        using BigLock.Scope held = _bigLock.EnterIfNeeded();
        _forget = forget;
    }

    /// <inheritdoc/>
    public void BeforeSync()
    {
        using BigLock.Scope held = _bigLock.EnterIfNeeded();
        if (_hintStatus is FreePageHintStatus.Requested or FreePageHintStatus.Start)
            SetHintStatus(FreePageHintStatus.Stop);
    }

    /// <inheritdoc/>
    public void AfterSync()
    {
        using BigLock.Scope held = _bigLock.EnterIfNeeded();

        // A guest that fills its free pages wants to find that again, not zeros; one that stands still does not answer.
        if (_forget is null || !_clock.IsRunning || !IsStarted || !Negotiated(FeatureFreePageHint) || _poison != 0)
            return;
        _hintId = _hintId == uint.MaxValue ? FirstHintId : _hintId + 1;
        SetHintStatus(FreePageHintStatus.Requested);
    }

    /// <inheritdoc/>
    public void End()
    {
        using BigLock.Scope held = _bigLock.EnterIfNeeded();
        _forget = null;
        if (Negotiated(FeatureFreePageHint) && _hintStatus != FreePageHintStatus.Done)
            SetHintStatus(FreePageHintStatus.Done);
    }

    private void SetHintStatus(FreePageHintStatus status)
    {
        _hintStatus = status;
        NotifyConfig();
    }

    private void StopHints() => _hintStatus = FreePageHintStatus.Stop;

    private void TakeHints(Virtqueue queue)
    {
        Span<byte> id = stackalloc byte[sizeof(uint)];
        while (Pop(queue) is { } request)
        {
            if (request.Out.Count > 0 && request.TryRead(Dma, 0, id))
                FollowCommand(BinaryPrimitives.ReadUInt32LittleEndian(id));
            if (_hintStatus == FreePageHintStatus.Start)
            {
                foreach (VirtioSegment segment in request.In)
                    Forget(segment.Address, segment.LengthBytes);
            }

            Push(queue, request, 0);
        }
    }

    private void FollowCommand(uint id)
    {
        if (_hintStatus == FreePageHintStatus.Requested && id == _hintId)
            _hintStatus = FreePageHintStatus.Start;
        else if (_hintStatus == FreePageHintStatus.Start)
            _hintStatus = FreePageHintStatus.Stop;
    }

    private void Forget(ulong address, ulong lengthBytes)
    {
        while (lengthBytes > 0 && Dma.TryFindRam(address, out RamBlock? block, out RamOffset offset, out ulong found))
        {
            ulong part = Math.Min(lengthBytes, found);
            _forget?.Invoke(block, offset, part);
            address += part;
            lengthBytes -= part;
        }
    }
}
