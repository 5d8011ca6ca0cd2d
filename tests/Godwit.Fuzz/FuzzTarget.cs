using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>One parser under test. For one thread; what is expensive to make is kept from input to input.</summary>
internal abstract class FuzzTarget : IDisposable
{
    /// <summary>What it is called on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Number of valid inputs to start from.</summary>
    public virtual int CorpusSize => 192;

    /// <summary>The longest input.</summary>
    public virtual int MaxInputBytes => 12 * 1024;

    /// <summary>Why the last input was refused.</summary>
    public string? LastRefusal { get; protected set; }

    /// <summary>Makes a valid input.</summary>
    public abstract SeedInput MakeSeed(FuzzRandom random);

    /// <summary>Gives an input to the parser; byte 0 chooses settings. True: accepted, and right. False: refused as it may be.</summary>
    /// <exception cref="FuzzFailureException">It was accepted wrongly, or refused with a wrong offset.</exception>
    public abstract bool Fuzz(ReadOnlySpan<byte> input);

    public void Dispose() => Close();

    /// <summary>Lets go of what the target holds.</summary>
    protected virtual void Close()
    {
    }

    /// <summary>The input was refused; the offset has to lie inside.</summary>
    protected bool Refused(StreamFormatException refusal, int length)
    {
        LastRefusal = refusal.Message;
        if (refusal.Offset < 0 || refusal.Offset > length)
            throw new FuzzFailureException($"the offset of a refusal is not inside the {length} bytes: {refusal.Message}");
        return false;
    }

    protected static void Check(bool holds, string what)
    {
        if (!holds)
            throw new FuzzFailureException(what);
    }

    protected static void CheckEqual(string expected, string found, string what)
    {
        if (!expected.Equals(found, StringComparison.Ordinal))
            throw new FuzzFailureException($"{what}\nexpected: {expected}\nfound:    {found}");
    }
}
