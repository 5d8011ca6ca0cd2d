using Godwit.Native;

namespace Godwit.Wire;

/// <summary>What becomes of the name under which a file is written: nobody finds half a file there (docs/decisions/0004-files-appear-whole.md).</summary>
/// <remarks>
/// A file that does not exist is written under a name of its own beside it and gets its name at the end. One that exists, or comes as a descriptor,
/// is written in place, and cut off again where it was begun when it does not get finished. The first of <see cref="Keep"/> and <see cref="Drop"/> decides.
/// </remarks>
internal sealed class PendingFile
{
    /// <summary>What the name of an unfinished file ends in.</summary>
    private const string Suffix = ".partial";

    private readonly string? _finalPath;
    private readonly long _offset;
    private int _isDecided;

    private PendingFile(string path, string? finalPath, long offset)
    {
        Path = path;
        _finalPath = finalPath;
        _offset = offset;
    }

    /// <summary>Where the file can be opened while it is being written.</summary>
    public string Path { get; }

    /// <summary>Whether the file at <see cref="Path"/> has to be made; nobody else's may be there.</summary>
    public bool IsNew => _finalPath is not null;

    /// <summary>Looks where a file is to be written.</summary>
    /// <param name="address">The file.</param>
    /// <param name="isDescriptor">The path names a descriptor that somebody else opened.</param>
    public static PendingFile At(FileAddress address, bool isDescriptor)
    {
        string path = address.Path;

        // A link that leads nowhere is somebody's wish where the file is to be.
        bool isNew = !isDescriptor && path.Length > 0 && !System.IO.Path.Exists(path) && new FileInfo(path).LinkTarget is null;
        return isNew ? new PendingFile(NameBeside(path), path, address.Offset) : new PendingFile(path, null, address.Offset);
    }

    /// <summary>The file is whole: it gets its name. False when it was dropped before.</summary>
    /// <exception cref="ErrnoException">The name cannot be given.</exception>
    public bool Keep()
    {
        if (Interlocked.Exchange(ref _isDecided, 1) != 0)
            return false;
        if (_finalPath is not null)
            FileSystem.Rename(Path, _finalPath);
        return true;
    }

    /// <summary>The file will not be whole. What has a name of its own goes at once, anything else when it is closed.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="isClosing">Nobody writes to it any more.</param>
    public void Drop(FileDescriptor file, bool isClosing)
    {
        if ((_finalPath is null && !isClosing) || Interlocked.Exchange(ref _isDecided, 1) != 0)
            return;
        if (_finalPath is not null)
            FileSystem.Remove(Path);
        else
            file.TrySetLength(_offset);
    }

    // Each save has a name of its own: two to one path, or what a killed process left, must not come into one another.
    private static string NameBeside(string path) => $"{path}.{System.IO.Path.GetRandomFileName()[..8]}{Suffix}";
}
