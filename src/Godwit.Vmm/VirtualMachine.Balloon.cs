using System.Text.Json.Nodes;
using Godwit.Machine;
using Godwit.Memory;
using Godwit.Migration;

namespace Godwit.Vmm;

/// <content>The memory balloon.</content>
public sealed partial class VirtualMachine
{
    private EventRateLimit? _balloonEvents;

    /// <summary>The balloon device; null when there is none.</summary>
    public VirtioBalloon? Balloon => _machine.Balloon;

    /// <inheritdoc/>
    IFreePageHints? IRunningGuest.FreePageHints => _machine.Balloon;

    /// <summary>Bytes of RAM that are not in the balloon; null when there is none.</summary>
    public ulong? BalloonedRamBytes => Balloon is { } balloon ? RamLeft(balloon) : null;

    /// <summary>Asks the guest to bring its RAM to a size.</summary>
    /// <param name="bytes">More than 0; more RAM than there is counts as all of it.</param>
    /// <exception cref="VmRefusedException">The size is not positive.</exception>
    /// <exception cref="InvalidOperationException">There is no balloon.</exception>
    public void SetBalloon(long bytes)
    {
        VirtioBalloon balloon = Balloon ?? throw new InvalidOperationException("No balloon device has been activated");
        if (bytes <= 0)
            throw new VmRefusedException("Parameter 'value' expects a size");
        using (BigLock.Enter())
            balloon.Request((uint)((RamBytes - Math.Min(RamBytes, (ulong)bytes)) >> TargetPage.Bits));
    }

    private void ConnectBalloon()
    {
        if (_machine.Balloon is not { } balloon)
            return;
        _balloonEvents = new EventRateLimit(e => EventSink?.Invoke(e));
        balloon.SizeChanged += (_, _) => _balloonEvents.Emit(new VmEvent("BALLOON_CHANGE", new JsonObject { ["actual"] = RamLeft(balloon) }));
    }

    private ulong RamLeft(VirtioBalloon balloon) => RamBytes - Math.Min(RamBytes, (ulong)balloon.ActualPages << TargetPage.Bits);
}
