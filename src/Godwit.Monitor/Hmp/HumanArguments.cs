namespace Godwit.Monitor;

/// <summary>The arguments of one line, by name.</summary>
internal sealed class HumanArguments
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);

    public void Set(string name, object value) => _values[name] = value;

    public bool Has(string name) => _values.ContainsKey(name);

    public string Word(string name) => (string)_values[name];

    public long Number(string name) => (long)_values[name];

    public bool Switch(string name) => (bool)_values[name];

    public MemoryFormat Format(string name) => _values.TryGetValue(name, out object? value) ? (MemoryFormat)value : MemoryFormat.Default;
}
