using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <content>Commands of the source.</content>
public sealed partial class LoadVmReader
{
    private const int AnyLength = -1;
    private const int AdviseBytes = 16;
    private const int MinDiscardBytes = 20;

    private void ReadCommand(long at)
    {
        var id = _reader.ReadUInt16();
        int length = _reader.ReadUInt16();
        var command = (MigrationCommand)id;
        var (name, expected) = Describe(command);
        if (name is null || (command == MigrationCommand.SwitchoverStart && !_options.Profile.AcceptsSwitchoverStart))
            throw _errors.UnknownCommand(id, length, at);
        if (expected != AnyLength && length != expected)
            throw _errors.CommandLength(name, expected, length, at);

        _reader.Section = name;
        switch (command)
        {
            case MigrationCommand.OpenReturnPath:
                OpenReturnPath(at);
                break;
            case MigrationCommand.Ping:
                AnswerPing(at);
                break;
            case MigrationCommand.SwitchoverStart:
                StartSwitchover();
                break;
            case MigrationCommand.EnableColo:
                throw _options.Profile.AcceptsEnableColo
                    ? _reader.Error("ENABLE_COLO command come in migration stream, but x-colo capability is not set", at: at)
                    : _reader.Error($"MIG_CMD 0x{id:x} deprecated (len 0x{length:x})", at: at);
            default:
                ReadPostcopyCommand(command, name, length, at);
                break;
        }
    }

    private static (string? Name, int Length) Describe(MigrationCommand command) => command switch
    {
        MigrationCommand.OpenReturnPath => ("OPEN_RETURN_PATH", 0),
        MigrationCommand.Ping => ("PING", sizeof(uint)),
        MigrationCommand.PostcopyAdvise => ("POSTCOPY_ADVISE", AnyLength),
        MigrationCommand.PostcopyListen => ("POSTCOPY_LISTEN", 0),
        MigrationCommand.PostcopyRun => ("POSTCOPY_RUN", 0),
        MigrationCommand.PostcopyRamDiscard => ("POSTCOPY_RAM_DISCARD", AnyLength),
        MigrationCommand.Packaged => ("PACKAGED", sizeof(uint)),
        MigrationCommand.EnableColo => ("ENABLE_COLO", 0),
        MigrationCommand.PostcopyResume => ("POSTCOPY_RESUME", 0),
        MigrationCommand.RecvBitmap => ("RECV_BITMAP", AnyLength),
        MigrationCommand.SwitchoverStart => ("SWITCHOVER_START", 0),
        _ => (null, 0),
    };

    private void OpenReturnPath(long at)
    {
        if (ReturnPath is not null)
        {
            Log.ReturnPathOpenedTwice(_options.Logger);
            return;
        }

        if (_options.ReturnChannel is not { } channel)
            throw _reader.Error("CMD_OPEN_RETURN_PATH failed: the channel goes one way only", at: at);
        ReturnPath = new ReturnPathWriter(channel);

        // The older rule: one acknowledgement, at once when no device wants to decide.
        if (_options.Capabilities.SwitchoverAck && _options.Profile.SwitchoverAckRule == SwitchoverAckRule.Legacy
            && !_options.Registry.Entries.Any(static entry => entry.Handlers is { IsSwitchoverAckNeeded: true }))
            ReturnPath.SwitchoverAck();
    }

    private void AnswerPing(long at)
    {
        var value = _reader.ReadUInt32();
        if (ReturnPath is null)
            throw _reader.Error($"CMD_PING (0x{value:x}) received with no return path", at: at);
        ReturnPath.Pong(value);
    }

    private void StartSwitchover()
    {
        SwitchoverStarted = true;
        using (EnterBigLock())
        {
            foreach (var entry in _options.Registry.GetEntries(_options.Profile))
                entry.Handlers?.SwitchoverStart();
        }
    }

    private void ReadPostcopyCommand(MigrationCommand command, string name, int length, long at)
    {
        switch (command)
        {
            case MigrationCommand.PostcopyAdvise:
                Advise(length, at);
                break;
            case MigrationCommand.PostcopyRamDiscard:
                if (length < MinDiscardBytes)
                    throw _errors.CommandLength(name, MinDiscardBytes, length, at);
                throw NotReady(name, at);
            case MigrationCommand.RecvBitmap or MigrationCommand.PostcopyResume:
                // Outside a recovery these mean nothing; they are read and passed over.
                if (command == MigrationCommand.RecvBitmap)
                    SkipBlockName(length, at);
                Log.CommandOutsideRecovery(_options.Logger, name);
                break;
            default:
                throw NotReady(name, at);
        }
    }

    private void SkipBlockName(int length, long at)
    {
        // The command is a counted name and nothing else, so the two lengths have to agree before either is believed.
        var named = length == 0 ? 0 : _reader.ReadByte();
        if (named == 0 || named + 1 != length)
            throw _reader.Error("RECV_BITMAP received with bad length", $"{named + 1}", $"{length}", at);
        _reader.Skip(named);
    }

    private void Advise(int length, long at)
    {
        if (PostcopyState != PostcopyIncomingState.None)
            throw _reader.Error($"CMD_POSTCOPY_ADVISE in wrong postcopy state ({(int)PostcopyState})", at: at);
        switch (length)
        {
            case 0 when _options.Capabilities.PostcopyRam:
                throw _reader.Error("RAM postcopy is enabled but have 0 byte advise", $"{AdviseBytes} bytes", "0 bytes", at);
            case 0:
                PostcopyState = PostcopyIncomingState.Advise;
                break;
            case AdviseBytes:
                throw _reader.Error("RAM postcopy is disabled but have 16 byte advise", "0 bytes", $"{AdviseBytes} bytes", at);
            default:
                throw _errors.CommandLength("CMD_POSTCOPY_ADVISE", AdviseBytes, length, at);
        }
    }

    /// <summary>Everything after the advice needs a destination that prepared for page faults.</summary>
    private StreamFormatException NotReady(string name, long at) => PostcopyState == PostcopyIncomingState.None
        ? _reader.Error($"CMD_{name} in wrong postcopy state ({(int)PostcopyState})", at: at)
        : _reader.Error($"CMD_{name} received, but RAM postcopy is disabled", at: at);
}
