using Godwit.Native;

namespace Godwit.Qmp;

/// <summary>Descriptors by the names that <c>getfd</c> gave them; those of a connection are closed with it.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class QmpNamedFiles : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, FileDescriptor> _files = new(StringComparer.Ordinal);
    private bool _disposed;

    /// <summary>Stores a descriptor; one of the same name is closed and replaced. Takes ownership.</summary>
    /// <param name="name">The name.</param>
    /// <param name="file">The descriptor.</param>
    public void Put(string name, FileDescriptor file)
    {
        FileDescriptor? old;
        lock (_lock)
        {
            _files.Remove(name, out old);
            if (_disposed)
                old = file;
            else
                _files.Add(name, file);
        }

        old?.Dispose();
    }

    /// <summary>Takes a descriptor out, so that its name is free again; the caller owns it. Null when there is none.</summary>
    /// <param name="name">The name.</param>
    public FileDescriptor? Take(string name)
    {
        lock (_lock)
            return _files.Remove(name, out FileDescriptor? file) ? file : null;
    }

    /// <summary>True when the name is known.</summary>
    /// <param name="name">The name.</param>
    public bool Contains(string name)
    {
        lock (_lock)
            return _files.ContainsKey(name);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (FileDescriptor file in _files.Values)
                file.Dispose();
            _files.Clear();
        }
    }
}
