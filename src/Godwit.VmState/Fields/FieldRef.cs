namespace Godwit.VmState;

/// <summary>Gives the place of a field inside its owner, so that one lambda reads and writes it.</summary>
/// <typeparam name="TOwner">The described object.</typeparam>
/// <typeparam name="TValue">The type of the field.</typeparam>
public delegate ref TValue FieldRef<in TOwner, TValue>(TOwner owner);
