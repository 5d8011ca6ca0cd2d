namespace Godwit.VmState;

/// <summary>Gives the elements of an array or a part of it; for two dimensions, row by row.</summary>
/// <typeparam name="TOwner">The described object.</typeparam>
/// <typeparam name="TValue">The type of an element.</typeparam>
public delegate Span<TValue> FieldSpan<in TOwner, TValue>(TOwner owner);
