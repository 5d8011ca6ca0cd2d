namespace Godwit.Qmp;

/// <summary>A member of an argument object.</summary>
/// <param name="Name">Name on the wire.</param>
/// <param name="Type">Type of its value.</param>
/// <param name="IsOptional">True when it may be absent.</param>
public sealed record QmpMember(string Name, QmpType Type, bool IsOptional = false);
