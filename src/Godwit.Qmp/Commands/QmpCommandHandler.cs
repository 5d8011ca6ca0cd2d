using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>Does the work of a command.</summary>
/// <param name="context">Who asked, and what came with the request.</param>
/// <param name="arguments">Arguments that match the command's members.</param>
/// <param name="cancellationToken">Set when the client is gone.</param>
/// <returns>The value of <c>return</c>; null means the empty object.</returns>
public delegate ValueTask<JsonNode?> QmpCommandHandler(QmpCommandContext context, QmpArguments arguments, CancellationToken cancellationToken);
