using Godwit.Memory;

namespace Godwit.Accel.Tests;

/// <summary>A CPU asks the gate before it notes a store, once it has dropped what it remembered.</summary>
public sealed class SoftwareWriteProtectionTests : IWriteGate
{
    private readonly List<ulong> _asked = [];

    [Fact]
    public void Protect_StoresOfACpu_AskUntilAllIsUnprotected()
    {
        using var memory = new TestSlots();
        var domain = new SafePointDomain();
        var log = new SoftwareDirtyLog(domain);
        log.CreateSlot(memory.Slot());
        SoftwareSlot slot = Assert.Single(log.Slots);
        SafePointParticipant cpu = domain.Register(() => { });
        cpu.EnterGuest();
        cpu.LeaveGuest();
        var protection = new SoftwareWriteProtection(domain);

        protection.UnprotectAll();
        slot.NoteWrite(1);
        protection.Protect([memory.Block], this);
        Assert.True(cpu.EnterGuest(), "what the CPU remembered is dropped");
        slot.NoteWrite(2);
        slot.NoteWrite(299);
        protection.UnprotectAll();
        slot.NoteWrite(3);

        Assert.Equal([2 * 4096UL, 299 * 4096UL], _asked);
        Assert.Null(memory.Block.WriteGate);
    }

    void IWriteGate.BeforeWrite(RamBlock block, RamOffset offset, ulong lengthBytes)
    {
        Assert.Equal(4096UL, lengthBytes);
        _asked.Add(offset.Value);
    }
}
