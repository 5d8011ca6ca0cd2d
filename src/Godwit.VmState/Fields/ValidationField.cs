namespace Godwit.VmState;

/// <summary>A check without data, on load and on save.</summary>
internal sealed class ValidationField<T>(string name, Func<T, uint, bool> holds) : VmStateField<T>(name, "validate", 0, holds)
    where T : class
{
    public override bool MustExist => true;

    internal override void Save(T owner, in SaveContext context, string jsonName, string markerName)
    {
    }

    internal override void Load(T owner, in LoadContext context)
    {
    }
}
