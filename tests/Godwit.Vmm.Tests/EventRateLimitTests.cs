using System.Collections.Concurrent;

namespace Godwit.Vmm.Tests;

public sealed class EventRateLimitTests
{
    [Fact]
    public void Emit_ManyAtOnce_GivesTheFirstAtOnceAndTheLastLater()
    {
        var seen = new ConcurrentQueue<string>();
        using var limit = new EventRateLimit(e => seen.Enqueue(e.Name));
        foreach (string name in new[] { "1", "2", "3", "4" })
            limit.Emit(new VmEvent(name));
        Assert.Equal(["1"], seen);
        TestMachine.WaitFor(() => seen.Count == 2, "the last event");
        Assert.Equal(["1", "4"], seen);
    }
}
