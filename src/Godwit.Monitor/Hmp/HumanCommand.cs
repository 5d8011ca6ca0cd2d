namespace Godwit.Monitor;

/// <summary>A command of the human monitor.</summary>
/// <param name="Names">Its names, joined by bars, the long one first.</param>
/// <param name="Arguments">What it takes, in order.</param>
/// <param name="Usage">Its arguments as the help shows them.</param>
/// <param name="Help">What it does.</param>
/// <param name="Handler">Prints to the writer; throws for an error line.</param>
internal sealed record HumanCommand(
    string Names, IReadOnlyList<HumanArgument> Arguments, string Usage, string Help, Action<HumanArguments, HumanOutput> Handler)
{
    /// <summary>The long name.</summary>
    public string Name => Names.Split('|')[0];

    public bool IsCalled(string word) => Array.IndexOf(Names.Split('|'), word) >= 0;

    public string HelpLine => $"{Names} {Usage} -- {Help}";
}
