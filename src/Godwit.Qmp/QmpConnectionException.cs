namespace Godwit.Qmp;

/// <summary>The connection to a QMP server failed, ended, or carried something that is not QMP.</summary>
public sealed class QmpConnectionException : IOException
{
    /// <summary>Says what happened and where.</summary>
    /// <param name="message">What was being done and what was found.</param>
    /// <param name="inner">The cause, if there is one.</param>
    public QmpConnectionException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
