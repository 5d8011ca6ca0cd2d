namespace Godwit.Qmp;

/// <summary>An error reply: thrown by command handlers to send one, and by <see cref="QmpClient"/> when the server sent one.</summary>
public sealed class QmpException : Exception
{
    /// <summary>An error of class <see cref="QmpErrorClass.GenericError"/>.</summary>
    /// <param name="description">The text of <c>desc</c>.</param>
    public QmpException(string description)
        : this(QmpErrorClass.GenericError, description)
    {
    }

    /// <summary>An error of any class.</summary>
    /// <param name="errorClass">The class.</param>
    /// <param name="description">The text of <c>desc</c>.</param>
    public QmpException(QmpErrorClass errorClass, string description)
        : base(description) => Class = errorClass;

    /// <summary>The class of the error; clients decide by it, never by the text.</summary>
    public QmpErrorClass Class { get; }
}
