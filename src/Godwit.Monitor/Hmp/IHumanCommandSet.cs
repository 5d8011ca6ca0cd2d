namespace Godwit.Monitor;

/// <summary>Commands of one area, as the human monitor has them.</summary>
internal interface IHumanCommandSet
{
    /// <summary>The commands.</summary>
    IEnumerable<HumanCommand> HumanCommands();

    /// <summary>The subcommands of <c>info</c>.</summary>
    IEnumerable<HumanCommand> HumanTopics();
}
