using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;
using Microsoft.Extensions.Logging;

namespace Godwit.Migration;

/// <summary>The source's listener on the return path: a thread that reads messages and judges them.</summary>
/// <remarks>
/// It ends with SHUT, with the first bad message or when the channel ends. What counts after that is in
/// <see cref="ShutReceived"/> and <see cref="Failure"/>. <c>docs/formats/return-path.md</c>, "What a source does"
/// </remarks>
internal sealed class SourceReturnPath
{
    private readonly ReturnPathReader _reader;
    private readonly RamList _ram;
    private readonly MigrationStatistics _statistics;
    private readonly SwitchoverAckRule _ackRule;
    private readonly bool _acksExpected;
    private readonly Func<MigrationStatus> _status;
    private readonly Action<Exception> _failed;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new();
    private volatile Exception? _failure;
    private volatile bool _shutReceived;
    private volatile bool _acked;
    private string? _requestedBlock;

    public SourceReturnPath(
        Channel channel, IMigrationHost host, MigrationStatistics statistics, MigrationCapabilities capabilities,
        PeerProfile profile, Func<MigrationStatus> status, Action<Exception> failed, ILogger logger)
    {
        _reader = new ReturnPathReader(channel);
        _ram = host.Ram;
        _statistics = statistics;
        _ackRule = profile.SwitchoverAckRule;
        _acksExpected = capabilities.SwitchoverAck;
        _status = status;
        _failed = failed;
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "migration return path" };
    }

    /// <summary>The destination said that it has everything.</summary>
    public bool ShutReceived => _shutReceived;

    /// <summary>When it said so, by the clock of the statistics; valid once <see cref="ShutReceived"/> is true.</summary>
    public long ShutTimestamp { get; private set; }

    /// <summary>The destination said that it failed: it will not run the guest.</summary>
    public bool RefusedByPeer { get; private set; }

    /// <summary>Why the path ended, unless by success.</summary>
    public Exception? Failure => _failure;

    /// <summary>True when the destination has approved the switchover, or nobody asked it to.</summary>
    public bool SwitchoverApproved => !_acksExpected || _ackRule != SwitchoverAckRule.Legacy || _acked;

    public void Start() => _thread.Start();

    /// <summary>Waits for the end of the path; false when the time is over.</summary>
    public bool Wait(TimeSpan timeout) => _ended.Task.Wait(timeout);

    /// <summary>Waits for the end of the path.</summary>
    public void Wait() => _ended.Task.Wait();

    private void Run()
    {
        try
        {
            while (!_shutReceived)
            {
                if (!_reader.TryRead(out var message))
                    throw new MigrationFailedException("Channel error: Input/output error");
                Log.ReturnPathMessage(_logger, message.Type, message.Value);
                Handle(message);
            }
        }
        catch (Exception e)
        {
            _failure = e;
            _failed(e);
        }
        finally
        {
            // Part of the downtime: to hear of this is quicker than to wait for the end of the thread.
            _ended.SetResult();
        }
    }

    private void Handle(in ReturnPathMessage message)
    {
        switch (message.Type)
        {
            case ReturnPathMessageType.Shut:
                if (message.Value != 0)
                {
                    RefusedByPeer = true;
                    throw new MigrationFailedException($"Sibling indicated error {message.Value}");
                }

                ShutTimestamp = _statistics.Clock.GetTimestamp();
                _shutReceived = true;
                break;
            case ReturnPathMessageType.RequestPagesWithName or ReturnPathMessageType.RequestPages:
                CheckRequest(message);
                break;
            case ReturnPathMessageType.RecvBitmap:
                throw new MigrationFailedException($"Reload bitmap in incorrect state {_status().ToQapiName()}");
            case ReturnPathMessageType.ResumeAck:
                // Outside a recovery it means nothing, but its value is fixed.
                if (message.Value != ReturnPathFormat.ResumeAckValue)
                    throw new MigrationFailedException($"Illegal resume ACK value {message.Value}");
                break;
            case ReturnPathMessageType.SwitchoverAck:
                if (_ackRule == SwitchoverAckRule.None)
                    throw new MigrationFailedException("Received an unknown return path message: SWITCHOVER_ACK");
                if (_ackRule == SwitchoverAckRule.Counted)
                    throw new MigrationFailedException("Switchover ack pending num underflowed");
                _acked = true;
                break;
            default:
                // Nobody waits for a PONG in precopy, whatever its value.
                break;
        }
    }

    /// <summary>A request in precopy is harmless, the page goes out anyway; but it has to make sense.</summary>
    private void CheckRequest(in ReturnPathMessage message)
    {
        _requestedBlock = message.BlockName ?? _requestedBlock
            ?? throw new MigrationFailedException("Page request without a block, and none was requested before");
        var block = _ram.Find(_requestedBlock)
            ?? throw new MigrationFailedException($"Page request for unknown block '{_requestedBlock}'");
        if (message.StartBytes % block.PageSizeBytes != 0 || message.LengthBytes % block.PageSizeBytes != 0)
            throw new MigrationFailedException(
                $"Misaligned page request in block '{_requestedBlock}', start: 0x{message.StartBytes:x} len: 0x{message.LengthBytes:x}");
        if (message.StartBytes > block.UsedLengthBytes || message.LengthBytes > block.UsedLengthBytes - message.StartBytes)
            throw new MigrationFailedException(
                $"Page request past the end of block '{_requestedBlock}', start: 0x{message.StartBytes:x} len: 0x{message.LengthBytes:x}, used length: 0x{block.UsedLengthBytes:x}");
        _statistics.CountPostcopyRequest();
    }
}
