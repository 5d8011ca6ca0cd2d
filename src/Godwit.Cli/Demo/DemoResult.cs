using Godwit.Machine;

namespace Godwit.Cli;

/// <summary>What the demonstration showed.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Hops">The migrations, in order.</param>
/// <param name="Memory">The guest's memory at the end.</param>
/// <param name="Elapsed">All of it.</param>
internal sealed record DemoResult(DemoOptions Options, IReadOnlyList<DemoHop> Hops, StaircaseReport Memory, TimeSpan Elapsed);
