using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>A child process of an <c>exec:</c> channel, with one of its standard streams on a pipe.</summary>
/// <remarks>
/// The child is the leader of its own process group, so that a shell and what it started are ended together. Its other
/// standard stream is <c>/dev/null</c>; errors go where ours go. The child is always reaped, at the latest by <see cref="Dispose"/>.
/// </remarks>
public sealed unsafe class ChildProcess : IDisposable
{
    private const int EndGraceMilliseconds = 1000;

    private readonly Lock _lock = new();
    private readonly FileDescriptor? _pidfd;
    private readonly WakeEvent _never = new();
    private int? _waitStatus;

    private ChildProcess(int id, FileDescriptor pipe)
    {
        Id = id;
        Pipe = pipe;
        var number = SysSyscall.syscall(SysSyscall.SYS_pidfd_open, id, 0);
        _pidfd = number < 0 ? null : new FileDescriptor((int)number);
    }

    /// <summary>The process id.</summary>
    public int Id { get; }

    /// <summary>Our end of the pipe.</summary>
    public FileDescriptor Pipe { get; }

    /// <summary>Starts <paramref name="arguments"/>[0] (no search path, no shell) and connects a pipe to its input.</summary>
    /// <exception cref="ErrnoException">The program could not be started.</exception>
    public static ChildProcess StartWithInput(IReadOnlyList<string> arguments) => Start(arguments, toChild: true);

    /// <summary>Starts <paramref name="arguments"/>[0] (no search path, no shell) and connects a pipe to its output.</summary>
    /// <exception cref="ErrnoException">The program could not be started.</exception>
    public static ChildProcess StartWithOutput(IReadOnlyList<string> arguments) => Start(arguments, toChild: false);

    /// <summary>Waits for the end of the process.</summary>
    /// <param name="timeoutMilliseconds">At most this long.</param>
    /// <param name="wake">Ends the wait early.</param>
    /// <returns>Whether the process has ended.</returns>
    public bool WaitForExit(int timeoutMilliseconds, WakeEvent? wake = null)
    {
        if (TryReap())
            return true;
        wake ??= _never;
        if (_pidfd is not null)
        {
            wake.WaitForReadable(_pidfd, timeoutMilliseconds);
            return TryReap();
        }

        // A kernel without process descriptors: ask now and then.
        for (var deadline = Environment.TickCount64 + timeoutMilliseconds; Environment.TickCount64 < deadline;)
        {
            if (wake.Wait(5) || TryReap())
                break;
        }

        return TryReap();
    }

    /// <summary>How the process ended, in words: <see langword="null"/> while it runs and after a success.</summary>
    public string? DescribeFailure()
    {
        lock (_lock)
        {
            if (_waitStatus is not { } status || status == 0)
                return null;
            var signal = status & 0x7f;
            return signal == 0
                ? string.Create(CultureInfo.InvariantCulture, $"command exited with status {(status >> 8) & 0xff}")
                : string.Create(CultureInfo.InvariantCulture, $"command was ended by signal {signal}");
        }
    }

    /// <summary>Ends the process and everything in its group, first politely, then not.</summary>
    public void Terminate()
    {
        if (TryReap())
            return;
        SignalGroup(SignalHeader.SIGTERM);
        if (WaitForExit(EndGraceMilliseconds))
            return;
        SignalGroup(SignalHeader.SIGKILL);
        WaitForExit(EndGraceMilliseconds);
    }

    /// <summary>Closes the pipe, ends the process if it still runs, and reaps it.</summary>
    public void Dispose()
    {
        Pipe.Dispose();
        Terminate();
        _pidfd?.Dispose();
        _never.Dispose();
    }

    private static ChildProcess Start(IReadOnlyList<string> arguments, bool toChild)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentOutOfRangeException.ThrowIfZero(arguments.Count, nameof(arguments));
        var (reader, writer) = FileDescriptor.CreatePipe();
        var (ours, theirs) = toChild ? (writer, reader) : (reader, writer);
        try
        {
            return new ChildProcess(SpawnWith(arguments, theirs, toChild ? 0 : 1), ours);
        }
        catch
        {
            ours.Dispose();
            throw;
        }
        finally
        {
            theirs.Dispose();
        }
    }

    private static int SpawnWith(IReadOnlyList<string> arguments, FileDescriptor theirs, int standardStream)
    {
        var actions = stackalloc byte[Spawn.OpaqueBytes];
        var attributes = stackalloc byte[Spawn.OpaqueBytes];
        var signals = stackalloc byte[SignalHeader.SigsetBytes];
        var argv = AllocateStrings(arguments);
        var envp = AllocateStrings(GetEnvironment());
        // SAFETY: the opaque objects have room to spare and are destroyed below; the string arrays end with a null pointer.
        Check(Spawn.posix_spawn_file_actions_init(actions));
        Check(Spawn.posix_spawnattr_init(attributes));
        try
        {
            Check(Spawn.posix_spawn_file_actions_adddup2(actions, theirs.Number, standardStream));
            Check(Spawn.posix_spawn_file_actions_addopen(
                actions, 1 - standardStream, "/dev/null", standardStream == 0 ? Fcntl.O_WRONLY : Fcntl.O_RDONLY, 0));
            // The runtime ignores SIGPIPE; a child that inherited that would not end when its reader goes.
            _ = SignalHeader.sigfillset(signals);
            Check(Spawn.posix_spawnattr_setsigdefault(attributes, signals));
            _ = SignalHeader.sigemptyset(signals);
            Check(Spawn.posix_spawnattr_setsigmask(attributes, signals));
            Check(Spawn.posix_spawnattr_setpgroup(attributes, 0));
            Check(Spawn.posix_spawnattr_setflags(
                attributes, Spawn.POSIX_SPAWN_SETPGROUP | Spawn.POSIX_SPAWN_SETSIGDEF | Spawn.POSIX_SPAWN_SETSIGMASK));
            int id;
            Check(Spawn.posix_spawn(&id, argv[0], actions, attributes, argv, envp));
            return id;
        }
        finally
        {
            _ = Spawn.posix_spawn_file_actions_destroy(actions);
            _ = Spawn.posix_spawnattr_destroy(attributes);
            FreeStrings(argv);
            FreeStrings(envp);
        }
    }

    private static void Check(int error)
    {
        if (error != 0)
            throw new ErrnoException("posix_spawn", error);
    }

    private static List<string> GetEnvironment()
    {
        var variables = new List<string>();
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            variables.Add($"{entry.Key}={entry.Value}");
        return variables;
    }

    private static byte** AllocateStrings(IReadOnlyList<string> texts)
    {
        // SAFETY: one slot per text and one for the null pointer that ends the array.
        var array = (byte**)NativeMemory.AllocZeroed((nuint)texts.Count + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < texts.Count; i++)
            array[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        return array;
    }

    private static void FreeStrings(byte** array)
    {
        // SAFETY: the array was made by AllocateStrings and ends with a null pointer.
        for (var entry = array; *entry is not null; entry++)
            Marshal.FreeCoTaskMem((nint)(*entry));
        NativeMemory.Free(array);
    }

    private void SignalGroup(int signal)
    {
        lock (_lock)
        {
            // Not after reaping: the number could be somebody else's by then.
            if (_waitStatus is null)
                _ = SignalHeader.kill(-Id, signal);
        }
    }

    private bool TryReap()
    {
        lock (_lock)
        {
            if (_waitStatus is not null)
                return true;
            int status;
            // SAFETY: waitpid writes the one number.
            var reaped = SysWait.waitpid(Id, &status, SysWait.WNOHANG);
            if (reaped == Id)
                _waitStatus = status;
            else if (reaped < 0 && !FileDescriptor.IsInterrupted())
                _waitStatus = 0;
            return _waitStatus is not null;
        }
    }
}
