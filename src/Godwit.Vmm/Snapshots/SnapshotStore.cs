using System.Globalization;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Vmm;

/// <summary>A directory of snapshots: one migration stream per snapshot, and a list (docs/formats/snapshot-store.md).</summary>
/// <remarks>
/// Any thread. A call that changes the store, or reads a stream, holds the store's lock against other processes for its duration. A process that ends at any
/// moment leaves either the old or the new list, and perhaps a stream that is not in it; the next save removes that.
/// </remarks>
public sealed class SnapshotStore
{
    private const string StreamSuffix = ".vmstate";
    private const string LockName = "lock";

    private readonly string _directory;

    /// <summary>Opens a store; the directory is made if it does not exist.</summary>
    /// <param name="name">Node name: what commands call the store.</param>
    /// <param name="directory">Where it is.</param>
    /// <exception cref="VmRefusedException">It cannot be made or read, or is something else.</exception>
    public SnapshotStore(string name, string directory)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        Name = name;
        _directory = Path.GetFullPath(directory);
        Guarded(() => Directory.CreateDirectory(_directory));
        SnapshotIndex.Read(_directory);
    }

    /// <summary>What commands call the store.</summary>
    public string Name { get; }

    /// <summary>The snapshots, oldest first.</summary>
    /// <exception cref="VmRefusedException">The list cannot be read.</exception>
    public IReadOnlyList<SnapshotInfo> List() => SnapshotIndex.Read(_directory);

    /// <summary>The snapshot of that tag, or null.</summary>
    /// <exception cref="VmRefusedException">The list cannot be read.</exception>
    public SnapshotInfo? Find(string tag) => SnapshotIndex.Read(_directory).Find(snapshot => snapshot.Tag == tag);

    /// <summary>The file with a snapshot's stream.</summary>
    public string PathOf(SnapshotInfo snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return PathOf(snapshot.Id);
    }

    /// <summary>Saves a snapshot; one of the same tag is replaced once the new one is whole.</summary>
    /// <param name="tag">Its tag.</param>
    /// <param name="clock">How long the guest has run.</param>
    /// <param name="write">Writes and finishes the stream.</param>
    /// <exception cref="VmRefusedException">The store cannot be written. What <paramref name="write"/> throws is passed on; the store is as before.</exception>
    public void Save(string tag, TimeSpan clock, Action<Channel> write)
    {
        ArgumentNullException.ThrowIfNull(tag);
        ArgumentNullException.ThrowIfNull(write);
        SnapshotIndex.CheckTag(tag);
        using FileStream held = Lock();
        List<SnapshotInfo> snapshots = SnapshotIndex.Read(_directory);
        RemoveStrays(snapshots);
        int id = 1 + snapshots.Select(static snapshot => snapshot.Id).DefaultIfEmpty().Max();
        using (Channel channel = ChannelFactory.Connect(new FileAddress(PathOf(id))))
            write(channel);
        snapshots.RemoveAll(snapshot => snapshot.Tag == tag);
        Guarded(() =>
        {
            snapshots.Add(new SnapshotInfo(id, tag, DateTimeOffset.UtcNow, clock, new FileInfo(PathOf(id)).Length));
            SnapshotIndex.Write(_directory, snapshots);
            RemoveStrays(snapshots);
        });
    }

    /// <summary>Reads a snapshot's stream.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="read">Reads it; the channel is closed afterwards.</param>
    /// <exception cref="VmRefusedException">It cannot be opened. What <paramref name="read"/> throws is passed on.</exception>
    public void Load(SnapshotInfo snapshot, Action<Channel> read)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(read);
        using FileStream held = Lock();
        using IChannelListener file = ChannelFactory.Listen(new FileAddress(PathOf(snapshot.Id)));
        using Channel channel = file.Accept();
        read(channel);
    }

    /// <summary>Deletes a snapshot; nothing happens when there is none of that tag.</summary>
    /// <exception cref="VmRefusedException">The store cannot be written.</exception>
    public void Delete(string tag)
    {
        using FileStream held = Lock();
        List<SnapshotInfo> snapshots = SnapshotIndex.Read(_directory);
        if (snapshots.RemoveAll(snapshot => snapshot.Tag == tag) == 0)
            return;
        Guarded(() =>
        {
            SnapshotIndex.Write(_directory, snapshots);
            RemoveStrays(snapshots);
        });
    }

    private string PathOf(int id) => Path.Combine(_directory, id.ToString(CultureInfo.InvariantCulture) + StreamSuffix);

    /// <summary>Removes streams, finished or not, that are in no list: a process ended before it could write the list, or the list has changed.</summary>
    private void RemoveStrays(List<SnapshotInfo> snapshots)
    {
        foreach (string path in Directory.EnumerateFiles(_directory, $"*{StreamSuffix}*"))
        {
            if (!snapshots.Exists(snapshot => PathOf(snapshot.Id) == path))
                File.Delete(path);
        }
    }

    private FileStream Lock()
    {
        try
        {
            return new FileStream(Path.Combine(_directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VmRefusedException($"Failed to get the lock of snapshot store '{_directory}': {FileSystem.Describe(e, Path.Combine(_directory, LockName))}", e);
        }
    }

    private static void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VmRefusedException($"The snapshot store cannot be written: {e.Message}", e);
        }
    }
}
