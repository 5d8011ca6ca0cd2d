using System.Buffers.Binary;
using System.Globalization;
using Godwit.VmState;
using Godwit.Wire;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Migration;

/// <summary>Takes connections until the main channel and all data channels are there (<c>docs/formats/multifd.md</c>, "Start").</summary>
/// <param name="channels">Where they are kept.</param>
/// <param name="accept">Gives the next connection.</param>
/// <param name="uuid">This machine's UUID.</param>
/// <param name="timeout">How long a connection that exists, or the next one, may be waited for once there is one.</param>
internal sealed class IncomingChannels(TransportChannels channels, Func<CancellationToken, Channel> accept, Guid? uuid, TimeSpan timeout)
{
    /// <summary>Strangers that connect and say nothing cannot keep the machine waiting for ever.</summary>
    private const int MaxTurnedAway = 16;

    /// <summary>Takes the main channel alone.</summary>
    public void AcceptMain(CancellationToken token)
    {
        var main = accept(token);
        channels.Main = main;
        channels.Add(main);
    }

    /// <summary>Takes the main channel and <paramref name="count"/> data channels, in any order; connections that stay silent are turned away.</summary>
    /// <exception cref="MigrationException">A connection says something else, or not all come.</exception>
    public void AcceptAll(int count, CancellationToken token)
    {
        channels.Data = new Channel?[count];
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(token);
        var missing = count + 1;
        var turnedAway = 0;
        while (missing > 0)
        {
            Channel channel;
            try
            {
                channel = accept(limited.Token);
            }
            catch (OperationCanceledException) when (!token.IsCancellationRequested)
            {
                throw new MigrationFailedException(string.Create(
                    CultureInfo.InvariantCulture, $"{missing} of {count + 1} channels did not connect within {timeout.TotalSeconds:0.#} s"));
            }

            channels.Add(channel);
            // Taking a connection has a limit of its own; the wait for the next one starts behind it.
            limited.CancelAfter(Timeout.InfiniteTimeSpan);
            if (Take(channel))
            {
                missing--;
            }
            else
            {
                channels.Reject(channel);
                if (++turnedAway > MaxTurnedAway)
                    throw new MigrationFailedException($"{turnedAway} connections said nothing");
            }

            limited.CancelAfter(timeout);
        }
    }

    private bool Take(Channel channel)
    {
        if (!channel.CanPeek && channels.Main is null)
        {
            channels.Main = channel;
            return true;
        }

        using var limit = new Timer(static state => ((Channel)state!).Shutdown(), channel, timeout, Timeout.InfiniteTimeSpan);
        try
        {
            if (!channel.CanPeek)
                return TakeData(channel);
            switch (PeekMagic(channel))
            {
                case null:
                    return false;
                case MultiFdFormat.Magic:
                    return TakeData(channel);
                case StreamConstants.Magic when channels.Main is null:
                    channels.Main = channel;
                    return true;
                case StreamConstants.Magic:
                    throw new MigrationFailedException("A second connection claims to be the main channel");
                case var other:
                    throw MultiFdFormat.Error(
                        "a connection is neither the main channel nor a data channel", 0,
                        $"{Hex(StreamConstants.Magic)} or {Hex(MultiFdFormat.Magic)}", Hex(other.Value));
            }
        }
        catch (ChannelException)
        {
            return false; // silent, or gone again
        }
    }

    /// <summary>The first word; null when the connection ends before.</summary>
    private static uint? PeekMagic(Channel channel)
    {
        Span<byte> magic = stackalloc byte[sizeof(uint)];
        return channel.Peek(magic) == magic.Length ? BinaryPrimitives.ReadUInt32BigEndian(magic) : null;
    }

    private bool TakeData(Channel channel)
    {
        Span<byte> message = stackalloc byte[MultiFdFormat.InitBytes];
        for (var done = 0; done < message.Length;)
        {
            var read = channel.Read(message[done..]);
            if (read == 0)
                return false;
            done += read;
        }

        var id = MultiFdFormat.ReadInit(message, uuid, channels.Data.Length);
        if (channels.Data[id] is not null)
            throw MultiFdFormat.Error("a data channel has a number that another one has already", MultiFdFormat.IdAt, "each number once", Number(id));
        channels.Data[id] = channel;
        return true;
    }
}
