namespace Godwit.Monitor;

/// <summary>The line does not match the command's arguments; a hint at the help follows the text.</summary>
internal sealed class HumanUsageException(string message) : Exception(message);
