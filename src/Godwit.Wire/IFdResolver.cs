using Godwit.Native;

namespace Godwit.Wire;

/// <summary>Gives the descriptors that a monitor was passed.</summary>
public interface IFdResolver
{
    /// <summary>Takes the descriptor stored under <paramref name="name"/> out of the store; the caller owns it.</summary>
    /// <returns><see langword="null"/> when there is none of that name.</returns>
    FileDescriptor? TakeFd(string name);

    /// <summary>A new descriptor of a file in descriptor set <paramref name="setId"/> (<c>/dev/fdset/N</c>); the caller owns it.</summary>
    /// <param name="setId">The set.</param>
    /// <param name="forWriting">The direction.</param>
    /// <param name="direct">Whether the file has to be one that goes past the page cache, or has to be one that does not.</param>
    /// <returns><see langword="null"/> when there is no such set, or none of its files is open for the direction in that way.</returns>
    FileDescriptor? OpenFdSet(int setId, bool forWriting, bool direct = false) => null;
}
