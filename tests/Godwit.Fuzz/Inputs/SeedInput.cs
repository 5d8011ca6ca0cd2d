namespace Godwit.Fuzz;

/// <summary>A valid input, and what a mutation should know of it.</summary>
/// <param name="Bytes">The input; byte 0 chooses the settings of the target.</param>
/// <param name="Pieces">Where its pieces (sections, records, messages) start, and at the end its length.</param>
/// <param name="Numbers">Where numbers stand that somebody believes: lengths, counts, ids.</param>
internal sealed record SeedInput(byte[] Bytes, int[] Pieces, (int Offset, int Size)[] Numbers);
