namespace Godwit.Memory.Tests;

public sealed class ReceivedBitmapTests
{
    [Fact]
    public void TrySet_TwoThreads_EveryPageIsWonByExactlyOne()
    {
        const int Pages = 20_000;
        var received = new ReceivedBitmap(Pages);
        var won = new int[2];
        var threads = new Thread[2];
        for (var t = 0; t < 2; t++)
        {
            var number = t;
            threads[t] = new Thread(() =>
            {
                for (var page = 0UL; page < Pages; page++)
                    won[number] += received.TrySet(new PageIndex(page)) ? 1 : 0;
            });
            threads[t].Start();
        }
        foreach (var thread in threads)
            thread.Join();
        Assert.Equal(Pages, won[0] + won[1]);
        Assert.Equal((ulong)Pages, received.CountReceived());
        Assert.Null(received.FindMissing(new PageIndex(0)));
    }

    [Fact]
    public void SetRangeAndClearRange_PartOfTheBlock_ExactlyThosePages()
    {
        var received = new ReceivedBitmap(200);
        received.SetRange(new PageIndex(10), 130);
        received.ClearRange(new PageIndex(64), 2);
        Assert.False(received.IsReceived(new PageIndex(9)));
        Assert.True(received.IsReceived(new PageIndex(63)));
        Assert.False(received.IsReceived(new PageIndex(65)));
        Assert.True(received.IsReceived(new PageIndex(139)));
        Assert.Equal(128UL, received.CountReceived());
        Assert.Equal(new PageIndex(64), received.FindMissing(new PageIndex(10)));
        Assert.False(received.TrySet(new PageIndex(139)));
    }

    [Fact]
    public void Access_PageOutsideTheBlock_Refused()
    {
        var received = new ReceivedBitmap(65);
        Assert.Equal(2, received.Words.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => { received.IsReceived(new PageIndex(65)); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { received.TrySet(new PageIndex(ulong.MaxValue)); });
        Assert.Throws<ArgumentOutOfRangeException>(() => received.SetRange(new PageIndex(64), 2));
        Assert.Null(received.FindMissing(new PageIndex(65)));
    }
}
