using Godwit.Native;

namespace Godwit.Qmp;

/// <summary>What a command handler knows about its request besides the arguments.</summary>
public sealed class QmpCommandContext
{
    private readonly IQmpDescriptorSource? _descriptors;

    /// <summary>Makes a context.</summary>
    /// <param name="files">Descriptors that the connection has named.</param>
    /// <param name="descriptors">Descriptors that came with the bytes of requests; null where none can come.</param>
    /// <param name="isOutOfBand">True for <c>exec-oob</c>.</param>
    public QmpCommandContext(QmpNamedFiles files, IQmpDescriptorSource? descriptors = null, bool isOutOfBand = false)
    {
        Files = files;
        _descriptors = descriptors;
        IsOutOfBand = isOutOfBand;
    }

    /// <summary>True for <c>exec-oob</c>.</summary>
    public bool IsOutOfBand { get; }

    /// <summary>Descriptors that <c>getfd</c> has named; per connection.</summary>
    public QmpNamedFiles Files { get; }

    /// <summary>Takes the descriptor that was passed with the request; null when there was none. The caller owns it.</summary>
    public FileDescriptor? TakeDescriptor() => _descriptors?.TakeDescriptor();
}
