using System.Net;
using System.Net.Sockets;

namespace Godwit.Vmm.Tests.Drills;

/// <summary>Connections that nobody accepts, as many as it takes until the next one has to wait.</summary>
internal sealed class BacklogFiller : IDisposable
{
    private readonly List<Socket> _sockets = [];

    public BacklogFiller(EndPoint listener)
    {
        while (Connects(listener))
            Assert.True(_sockets.Count < 16, "the backlog has no end");
    }

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());

    private bool Connects(EndPoint listener)
    {
        var socket = new Socket(listener.AddressFamily, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        _sockets.Add(socket);
        try
        {
            socket.Connect(listener);
            return true;
        }
        catch (SocketException)
        {
            // A UNIX socket says at once that the backlog is full; TCP says "in progress", and over loopback that is over at once.
            return listener is IPEndPoint && socket.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectWrite) && socket.Connected;
        }
    }
}
