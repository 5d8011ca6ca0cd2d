namespace Godwit.Testing;

/// <summary>A test with data that only a privileged user can run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PrivilegedTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips the test where something is missing.</summary>
    /// <param name="devices">Files of the host that it needs.</param>
    public PrivilegedTheoryAttribute(params string[] devices) => Skip = Privilege.WhyMissing(devices);
}
