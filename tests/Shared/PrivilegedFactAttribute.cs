namespace Godwit.Testing;

/// <summary>A test that only a privileged user can run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PrivilegedFactAttribute : FactAttribute
{
    /// <summary>Skips the test where something is missing.</summary>
    /// <param name="devices">Files of the host that it needs.</param>
    public PrivilegedFactAttribute(params string[] devices) => Skip = Privilege.WhyMissing(devices);
}
