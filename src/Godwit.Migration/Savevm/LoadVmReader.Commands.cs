using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <content>Commands of the source.</content>
public sealed partial class LoadVmReader
{
    private void ReadCommand(long at)
    {
        var id = _reader.ReadUInt16();
        int length = _reader.ReadUInt16();
        var command = (MigrationCommand)id;
        if (MigrationCommandFormat.Find(command) is not { } layout
            || (command == MigrationCommand.SwitchoverStart && !_options.Profile.AcceptsSwitchoverStart))
            throw _errors.UnknownCommand(id, length, at);
        if (layout.HasFixedLength && !layout.Fits(length))
            throw _errors.CommandLength(layout.Name, layout.LeastBytes, length, at);

        _reader.Section = layout.Name;
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
                ReadPostcopyCommand(command, layout, length, at);
                break;
        }
    }

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

    private void ReadPostcopyCommand(MigrationCommand command, in MessageLayout layout, int length, long at)
    {
        switch (command)
        {
            case MigrationCommand.PostcopyAdvise:
                Advise(length, at);
                break;
            case MigrationCommand.PostcopyRamDiscard:
                if (length < layout.LeastBytes)
                    throw _errors.CommandLength(layout.Name, layout.LeastBytes, length, at);
                throw NotReady(layout.Name, at);
            case MigrationCommand.RecvBitmap or MigrationCommand.PostcopyResume:
                // Outside a recovery these mean nothing; they are read and passed over.
                if (command == MigrationCommand.RecvBitmap)
                    SkipBlockName(length, at);
                Log.CommandOutsideRecovery(_options.Logger, layout.Name);
                break;
            default:
                throw NotReady(layout.Name, at);
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
                throw _reader.Error("RAM postcopy is enabled but have 0 byte advise", $"{MigrationCommandFormat.AdviseBytes} bytes", "0 bytes", at);
            case 0:
                PostcopyState = PostcopyIncomingState.Advise;
                break;
            case MigrationCommandFormat.AdviseBytes:
                throw _reader.Error("RAM postcopy is disabled but have 16 byte advise", "0 bytes", $"{MigrationCommandFormat.AdviseBytes} bytes", at);
            default:
                throw _errors.CommandLength("CMD_POSTCOPY_ADVISE", MigrationCommandFormat.AdviseBytes, length, at);
        }
    }

    /// <summary>Everything after the advice needs a destination that prepared for page faults.</summary>
    private StreamFormatException NotReady(string name, long at) => PostcopyState == PostcopyIncomingState.None
        ? _reader.Error($"CMD_{name} in wrong postcopy state ({(int)PostcopyState})", at: at)
        : _reader.Error($"CMD_{name} received, but RAM postcopy is disabled", at: at);
}
